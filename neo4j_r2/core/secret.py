"""Values that no output may show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MASK: Final = "********"
_SHORTEST_REDACTED: Final = 6
"""A shorter secret could be a part of ordinary words, which redaction would spoil."""


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


class Redaction:
    """Masks secrets in texts: they should not get there, but a server's message can hold one."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        values = (secret.reveal() for secret in secrets)
        long_enough = (value for value in values if len(value) >= _SHORTEST_REDACTED)
        self._values = sorted(long_enough, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return a text with all secrets in it masked."""
        for value in self._values:
            text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", MASK, text)
        return text
