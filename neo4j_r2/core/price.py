"""What storage costs at R2: the published price, and how much of it is free."""

from __future__ import annotations

from typing import Final

_DOLLARS_PER_GB_MONTH: Final = 0.015
"""R2's published price of standard storage, without operations; a GB is 1,000,000,000 bytes."""
_FREE_GB: Final = 10
"""GB-months that each account gets for nothing, for all its buckets together."""
_GB: Final = 1e9
PRICE: Final = (
    f"R2's ${_DOLLARS_PER_GB_MONTH} per GB and month; the account's first {_FREE_GB} GB are free"
)
"""The price, in words."""


def monthly_dollars(size: int) -> float:
    """Return what bytes cost in a month, whatever the account's free GB are used for."""
    return _DOLLARS_PER_GB_MONTH * size / _GB


def cost_text(size: int) -> str:
    """Return what bytes cost in a month, as in "$0.15"."""
    return f"${monthly_dollars(size):.2f}"
