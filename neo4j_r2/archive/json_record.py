"""Makes frozen records of JSON from the bucket, and checks the types of their fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from neo4j_r2.core.errors import CorruptError, NewerFormatError

Record = TypeVar("Record")

_MOST_SECONDS: Final = 1e9


def read_versioned(
    data: bytes,
    name: str,
    formats: Mapping[int, type[Record]],
    newest: int,
    make: Callable[[type[Record], dict[str, Any]], Record],
) -> Record:
    """Parse a record whose type depends on its `format_version`.

    :param name: what messages call it.
    :param formats: the types, by the versions that can be read.
    :param newest: the newest version that this version of the service knows.
    :param make: makes the record of its JSON, or raises ValueError, TypeError or KeyError.
    :raises CorruptError: if it is damaged.
    :raises NewerFormatError: if it has the format of a later version.
    """
    try:
        content = json.loads(data)
        version = content["format_version"]
        record_type = formats.get(version) if type(version) is int else None
        record = make(record_type, content) if record_type else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptError(f"the {name} is not one of this service") from error
    if record is None:
        is_newer = type(version) is int and version > newest
        raise (NewerFormatError if is_newer else CorruptError)(
            f"the {name} has format version {version!r}; this version of the service "
            f"reads {', '.join(map(str, sorted(formats)))}"
        )
    return record


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
