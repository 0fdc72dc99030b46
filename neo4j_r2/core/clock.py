"""The time, as this service records it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in UTC, in whole seconds: keys and manifests have no fractions."""
    return datetime.now(UTC).replace(microsecond=0)
