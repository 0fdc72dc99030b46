"""Values that no output may show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MASK: Final = "********"


@dataclass(frozen=True)
class Secret:
    """A string that prints as a mask."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the secret itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)
