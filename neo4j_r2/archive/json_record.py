"""Makes frozen records of JSON from the bucket, and checks the types of their fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, get_origin, get_type_hints

_MOST_SECONDS: Final = 1e9


def known_fields(record: type, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a record has fields for. Later versions may have added others.

    :raises TypeError: if `values` is no dictionary.
    """
    return {field.name: values[field.name] for field in fields(record) if field.name in values}


def has_declared_types(record: object) -> bool:
    """Whether each field of a record has the type that the record declares.

    Of a list or a dictionary, nothing is said of what is in it.
    """
    hints = get_type_hints(type(record))
    return all(
        type(getattr(record, name)) is (get_origin(hint) or hint) for name, hint in hints.items()
    )


def is_count(number: object) -> bool:
    """Whether a value counts something; `isinstance` would let `true` pass."""
    return type(number) is int and number >= 0


def is_seconds(number: object) -> bool:
    """Whether a value is a length of time, which NaN and infinity are not."""
    return type(number) is float and 0 <= number <= _MOST_SECONDS
