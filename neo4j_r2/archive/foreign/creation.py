"""What the statements of other programs create, without the values.

`statement_grammar` makes a `Creation` of a statement's text. `plan_rows` says which value of a row
becomes which property, and which values name a node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from neo4j_r2.archive.foreign.import_names import IMPORT_KEY, IMPORT_LABEL
from neo4j_r2.archive.foreign.literal_shapes import LiteralShape
from neo4j_r2.archive.items import Pattern
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.scanner import KeyPath
from neo4j_r2.core.errors import CorruptError

PROPERTIES: Final = "properties"
"""The key of the map in a row that holds the properties of the new entity."""


@dataclass(frozen=True)
class NodeKey:
    """By what a statement finds or names a node: labels and properties."""

    labels: tuple[str, ...]
    """In ascending order."""
    path: KeyPath
    """The keys that lead to the map with the properties' values."""
    names: tuple[tuple[str, str], ...]
    """Each property, and the key of its value in the map at `path`; in ascending order."""
    is_pattern: bool = False
    """Whether it means all nodes that match, and not the one that was created with this key."""

    @property
    def is_temporary(self) -> bool:
        """Whether label and property are APOC's temporary ones, and not the graph's own."""
        return self.labels == (IMPORT_LABEL,)


@dataclass(frozen=True)
class Creation:
    """What a statement creates: nodes with these labels, or relationships of this type."""

    entity: str
    """node or relationship."""
    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    keys: tuple[NodeKey, ...]
    """For a node at most one; for a relationship those of its start and its end."""
    ignored: frozenset[KeyPath] = frozenset()
    """Values that do not become properties, because the file itself removes them again."""


@dataclass(frozen=True)
class BatchGroup:
    """What entities must have in common to share a batch."""

    entity: str
    """node or relationship."""
    names: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    patterns: tuple[Pattern | None, ...]
    """How a relationship's start and end are found; None for an end that has a name."""


class LocatedKey(NamedTuple):
    """A node's key, and where its values are among the values of a row."""

    key: NodeKey
    kinds: tuple[str, ...]
    """The kind of each of its values."""
    places: tuple[int, ...]
    """The index of each of its values in the row."""


@dataclass(frozen=True, eq=False)
class RowPlan:
    """What becomes of each value of a row; one plan serves all rows of a shape."""

    group: BatchGroup
    columns: tuple[Column, ...]
    """The properties that the rows become."""
    places: tuple[int, ...]
    """The index in the row of each column's value."""
    convert: tuple[Callable[[str], Any], ...]
    """For each value of the row, what makes a parameter of its text."""
    keys: tuple[LocatedKey, ...]
    """Of the node, or of the relationship's start and end."""

    def rows(self, values: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Return the rows of a batch.

        :param values: by value, not by row: for each value of the shape those of all rows.
        """
        if not self.places:
            return []
        return list(map(list, zip(*(values[place] for place in self.places), strict=True)))


def plan_rows(creation: Creation, shape: LiteralShape[Any]) -> RowPlan:
    """Return what a statement makes of the values of rows that have this shape.

    :raises CorruptError: if the rows have values that it does not use, or lack values that it uses.
    """
    places = {path: place for place, path in enumerate(shape.paths)}
    kinds = [token.kind for token in shape.tokens]
    keys = tuple(_located(key, places, kinds) for key in creation.keys)
    columns = {
        path[1]: place
        for path, place in places.items()
        if len(path) == 2 and path[0] == PROPERTIES and not _is_temporary_name(path, keys)
        if path not in creation.ignored
    }
    used = {place for _, _, located in keys for place in located} | set(columns.values())
    ignored = {places[path] for path in creation.ignored if path in places}
    if used | ignored != set(places.values()):
        raise CorruptError("a row has values that its statement does not use")
    if creation.entity == "node":
        _add_key_properties(columns, keys)
    ordered = sorted(columns)
    return RowPlan(
        BatchGroup(creation.entity, creation.group, tuple(map(_pattern, keys))),
        tuple(Column(name, kinds[columns[name]]) for name in ordered),
        tuple(columns[name] for name in ordered),
        tuple(token.convert for token in shape.tokens),
        keys,
    )


def _located(key: NodeKey, places: dict[KeyPath, int], kinds: Sequence[str]) -> LocatedKey:
    located = tuple(places.get((*key.path, field), -1) for _, field in key.names)
    if -1 in located:
        raise CorruptError("a row does not have the values that its statement uses")
    found = tuple(kinds[place] for place in located)
    if key.is_temporary and (found != ("integer",) or key.names[0][0] != IMPORT_KEY):
        raise CorruptError("not one of APOC's temporary names")
    return LocatedKey(key, found, located)


def _is_temporary_name(path: KeyPath, keys: Sequence[LocatedKey]) -> bool:
    return path[1] == IMPORT_KEY and any(
        key.is_temporary and key.path == path[:1] for key, _, _ in keys
    )


def _add_key_properties(columns: dict[str, int], keys: Sequence[LocatedKey]) -> None:
    for key, _, located in keys:
        if key.is_temporary:
            continue
        for (name, _), place in zip(key.names, located, strict=True):
            if name in columns:
                raise CorruptError(f"the key {name!r} is there twice")
            columns[name] = place


def _pattern(located: LocatedKey) -> Pattern | None:
    if not located.key.is_pattern:
        return None
    names = (name for name, _ in located.key.names)
    return Pattern(located.key.labels, tuple(map(Column, names, located.kinds)))


def node_names(located: LocatedKey, values: Sequence[Sequence[Any]], number: int) -> list[Any]:
    """Return for each row the name of its node, or the values of the pattern that finds its nodes.

    A name contains the kinds of its values, because 1 and true are equal to Python but not to
    Cypher.

    :param values: by value, not by row.
    :param number: how many rows there are; a pattern can have no values at all.
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
    return [(*key.labels, row) for row in zip(*columns, strict=True)]


def _hashable(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    # Python takes 0.0 and -0.0 for equal, but a unique property can have both, in two nodes.
    return repr(value) if isinstance(value, float) else value
