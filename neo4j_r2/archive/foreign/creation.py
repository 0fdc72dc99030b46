"""What the statements of other programs create, but for the values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from neo4j_r2.archive.foreign.literal_shapes import LiteralShape
from neo4j_r2.archive.items import Pattern
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.scanner import Path
from neo4j_r2.core.errors import CorruptError

IMPORT_LABEL: Final = "UNIQUE IMPORT LABEL"
IMPORT_KEY: Final = "UNIQUE IMPORT ID"
RELATIONSHIP_IMPORT_KEY: Final = "UNIQUE IMPORT ID REL"
"""APOC's temporary names: by the first two it finds nodes that have no unique property."""
PROPERTIES: Final = "properties"


@dataclass(frozen=True)
class Key:
    """How a statement names a node."""

    labels: tuple[str, ...]
    path: Path
    """Where its values are."""
    names: tuple[tuple[str, str], ...]
    """Each property, and the key of its value in the map at `path`; in ascending order."""
    is_pattern: bool = False
    """Whether it names whatever nodes match, and not the one that was created by this key."""

    @property
    def is_temporary(self) -> bool:
        """Whether neither label nor property are the graph's own."""
        return self.labels == (IMPORT_LABEL,)


@dataclass(frozen=True)
class Creation:
    """What a statement creates."""

    entity: str
    """node or relationship."""
    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    keys: tuple[Key, ...]
    """Of a node at most one; of a relationship those of its start and its end."""
    ignored: frozenset[Path] = frozenset()
    """Values that the statement removes again."""


@dataclass(frozen=True)
class Group:
    """What entities must have in common to share a batch."""

    entity: str
    names: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    patterns: tuple[Pattern | None, ...]
    """Of a relationship's start and end; None for one that is named by its name."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which of the values of a shape's rows are what."""

    group: Group
    columns: tuple[Column, ...]
    places: tuple[int, ...]
    """Of the value of each column."""
    convert: tuple[Callable[[str], Any], ...]
    """For each value."""
    keys: tuple[tuple[Key, tuple[str, ...], tuple[int, ...]], ...]
    """Each with the kinds and the places of its values."""

    def rows(self, values: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Return rows of `columns`, of values that are given value by value."""
        if not self.places:
            return []
        return list(map(list, zip(*(values[place] for place in self.places), strict=True)))


def plan(creation: Creation, shape: LiteralShape[Any]) -> Plan:
    """Match the values of rows with what a statement makes of them.

    :raises CorruptError: if there are others than it uses, or some are missing.
    """
    places = {path: place for place, path in enumerate(shape.paths)}
    kinds = [token.kind for token in shape.tokens]
    keys = tuple(_located(key, places, kinds) for key in creation.keys)
    columns = {
        path[1]: place
        for path, place in places.items()
        if len(path) == 2 and path[0] == PROPERTIES and not _is_temporary(path, keys)
    }
    used = {place for _, _, located in keys for place in located} | set(columns.values())
    if used | {places.get(path, -1) for path in creation.ignored} - {-1} != set(places.values()):
        raise CorruptError("a row has values that its statement does not use")
    if creation.entity == "node":
        _add_key_properties(columns, keys)
    ordered = sorted(columns)
    return Plan(
        Group(creation.entity, creation.group, tuple(_pattern(*key) for key in keys)),
        tuple(Column(name, kinds[columns[name]]) for name in ordered),
        tuple(columns[name] for name in ordered),
        tuple(token.convert for token in shape.tokens),
        keys,
    )


_Located = tuple[Key, tuple[str, ...], tuple[int, ...]]


def _located(key: Key, places: dict[Path, int], kinds: Sequence[str]) -> _Located:
    located = tuple(places.get((*key.path, field), -1) for _, field in key.names)
    if -1 in located:
        raise CorruptError("a row has not the values that its statement uses")
    found = tuple(kinds[place] for place in located)
    if key.is_temporary and (found != ("integer",) or key.names[0][0] != IMPORT_KEY):
        raise CorruptError("not one of APOC's temporary names")
    return key, found, located


def _is_temporary(path: Path, keys: Sequence[_Located]) -> bool:
    return path[1] == IMPORT_KEY and any(
        key.is_temporary and key.path == path[:1] for key, _, _ in keys
    )


def _add_key_properties(columns: dict[str, int], keys: Sequence[_Located]) -> None:
    for key, _, located in keys:
        if key.is_temporary:
            continue
        for (name, _), place in zip(key.names, located, strict=True):
            if name in columns:
                raise CorruptError(f"the key {name!r} is there twice")
            columns[name] = place


def _pattern(key: Key, kinds: tuple[str, ...], _: tuple[int, ...]) -> Pattern | None:
    if not key.is_pattern:
        return None
    names = (name for name, _ in key.names)
    return Pattern(key.labels, tuple(map(Column, names, kinds)))


def named(located: _Located, values: Sequence[Sequence[Any]], number: int) -> list[Any]:
    """Return the name of each row's node, or the values of the pattern that it matches.

    An name has the kinds of its values: to Cypher, unlike Python, 1 and true are different.
    """
    key, kinds, places = located
    if key.is_temporary:
        return [(IMPORT_LABEL, value) for value in values[places[0]]]
    chosen = [values[place] for place in places]
    if key.is_pattern:
        return list(map(list, zip(*chosen, strict=True))) if chosen else [[] for _ in range(number)]
    columns = [
        [(name, kind, _hashable(value)) for value in column]
        for (name, _), kind, column in zip(key.names, kinds, chosen, strict=True)
    ]
    return [(key.labels[0], row) for row in zip(*columns, strict=True)]


def _hashable(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    # Of 0.0 and -0.0, which are equal, a unique property can be one in one node and one in another.
    return repr(value) if isinstance(value, float) else value
