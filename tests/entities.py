"""Rows of the service, and single entities of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from neo4j_r2.archive.text.rows import Column, Rows, node_rows, relationship_rows


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
