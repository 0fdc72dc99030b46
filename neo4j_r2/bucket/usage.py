"""How much the bucket holds of a database: read by what must not load the S3 client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What the bucket holds of a database, after the last prune."""

    backups: int
    """Those that have a manifest."""
    size: int
    """Bytes of all objects."""
