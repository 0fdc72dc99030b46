"""The usage: how many backups and bytes the bucket holds of a database.

`read_usage` counts it. This module does not load the S3 client, because the health probe and the
metrics read a usage from the state file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What the bucket holds of a database."""

    backups: int
    """How many backups have a manifest."""
    size: int
    """The bytes of all objects, those of incomplete backups included."""
