"""The current time, as this service records it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in UTC, in whole seconds, because keys have no fractions of seconds."""
    return datetime.now(UTC).replace(microsecond=0)
