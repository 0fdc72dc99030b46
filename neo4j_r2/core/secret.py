"""Values that no output may show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MASK: Final = "********"
_SHORTEST_REDACTED: Final = 6
"""A shorter secret is not masked: it could be an ordinary word, and the log would suffer."""

_PRIVATE_KEY: Final = re.compile(r"AGE-SECRET-KEY-(?:PQ-)?1\w{8,}", re.IGNORECASE)
"""A private key of age, perhaps mistyped."""
_URL_LOGIN: Final = re.compile(r"//[^/@\s]*@")
"""The user and the password in a URL."""


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


def has_private_key(text: str) -> bool:
    """Whether a text has a private key in it, of age or in PEM."""
    return _PRIVATE_KEY.search(text) is not None or "PRIVATE KEY-----" in text


def without_secrets(text: str) -> str:
    """Return a text with everything masked that is a secret wherever it comes from."""
    return _URL_LOGIN.sub(f"//{MASK}@", _PRIVATE_KEY.sub(MASK, text))


class Redaction:
    """Masks secrets in a text. No secret should be in it, but a server's message can hold one.

    Users can have given one where a name or a path is expected, too.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        values = (secret.reveal() for secret in secrets)
        long_enough = (value for value in values if len(value) >= _SHORTEST_REDACTED)
        self._values = sorted(long_enough, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return a text with every secret masked."""
        text = without_secrets(text)
        for value in self._values:
            text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", MASK, text)
        return text
