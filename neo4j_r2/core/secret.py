"""Values that no output may show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MASK: Final = "********"
_SHORTEST_REDACTED: Final = 6
"""A shorter secret is not masked: it could be an ordinary word, and the log would suffer."""


@dataclass(frozen=True)
class Secret:
    """A text that prints as a mask."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text itself, for the call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)


class Redaction:
    """Masks secrets in a text. No secret should be in it, but a server's message can hold one."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        values = (secret.reveal() for secret in secrets)
        long_enough = (value for value in values if len(value) >= _SHORTEST_REDACTED)
        self._values = sorted(long_enough, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return a text with every secret masked."""
        for value in self._values:
            text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", MASK, text)
        return text
