"""Tells of values in quotes, which Compose's list syntax and `docker run --env-file` keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PAIRS: Final = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019")


def is_quoted(value: str) -> bool:
    """Whether a value begins and ends with quotes."""
    return len(value) > 1 and value[0] + value[-1] in _PAIRS


def quotes_hint(values: Mapping[str, str]) -> str:
    """Return which variables have a value in quotes, in words; empty if none has.

    No part of a value is shown: it may be a secret.

    :param values: by the variables' names.
    """
    names = [name for name, value in values.items() if is_quoted(value)]
    if not names:
        return ""
    verbs = "begins and ends" if len(names) == 1 else "begin and end"
    return (
        f"{' and '.join(names)} {verbs} with quotes: they count as part of the value, and "
        "Compose's list syntax keeps them"
    )
