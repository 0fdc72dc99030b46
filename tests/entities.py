"""Rows of the service, and single entities of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from neo4j_r2.archive.text.rows import Column, Rows, encode_rows
from neo4j_r2.core.alike_entities import AlikeEntities

Record = Sequence[Any]
"""A node ``[id, labels, keys, values]``, or a relationship
``[id, type, start id, end id, keys, values]``."""


class Entity(NamedTuple):
    """One row."""

    id: int
    group: tuple[str, ...]
    names: tuple[str, ...]
    """The cells of its ids."""
    cells: tuple[tuple[Column, str], ...]


def entities(some: Iterable[Rows]) -> list[Entity]:
    """Return single rows, in ascending order of their ids."""
    return sorted(
        Entity(
            rows.ids[place],
            rows.shape.group,
            tuple(str(column[place]) for column in rows.names),
            tuple(
                (column, cells[place])
                for column, cells in zip(rows.shape.columns, rows.cells, strict=True)
            ),
        )
        for rows in some
        for place in range(len(rows))
    )


def nodes(graph: Iterable[tuple[Sequence[str], dict[str, Any]]]) -> list[Rows]:
    """Encode nodes: the labels and the properties of each. Their ids count from 0."""
    return node_rows(
        [
            [number, list(labels), list(content), list(content.values())]
            for number, (labels, content) in enumerate(graph)
        ]
    )


def relationships(graph: Iterable[tuple[str, int, int, dict[str, Any]]]) -> list[Rows]:
    """Encode relationships: the type, the ends and the properties of each, likewise."""
    return relationship_rows(
        [
            [number, kind, start, end, list(content), list(content.values())]
            for number, (kind, start, end, content) in enumerate(graph)
        ]
    )


def node_rows(records: Iterable[Record]) -> list[Rows]:
    """Encode nodes in ascending order of their ids."""
    return _encoded((labels, keys, values, [number]) for number, labels, keys, values in records)


def relationship_rows(records: Iterable[Record]) -> list[Rows]:
    """Encode relationships in ascending order of their ids."""
    return _encoded(
        (kind, keys, values, [number, start, end])
        for number, kind, start, end, keys, values in records
    )


def _encoded(
    records: Iterable[tuple[str | list[str], list[str], list[Any], list[int]]],
) -> list[Rows]:
    """Encode entities as if a server had put those together that are alike."""
    alike: dict[str, list[Any]] = {}
    for group, keys, values, ids in records:
        found = alike.setdefault(repr((group, keys)), [group, keys, [], *([] for _ in ids)])
        for column, item in zip(found[2:], [list(values), *ids], strict=True):
            column.append(item)
    return encode_rows(map(AlikeEntities.of, alike.values()))
