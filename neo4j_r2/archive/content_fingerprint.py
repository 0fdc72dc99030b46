"""A fingerprint of a graph that does not use node ids, for texts that do not have them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

from neo4j_r2.archive.cells.decode import is_typed
from neo4j_r2.archive.fingerprint import Fingerprint
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.text.rows import Column

_NUMBERS: Final = 1 << 62
_POINT: Final = "point"


class ContentFingerprint:
    """Counts and SHA-256 sums of a graph. A node is known by its labels and properties.

    Two nodes with equal labels and properties are not told apart. Of a date, a time or a
    duration only its presence counts: programs write the same value in more than one way.
    """

    def __init__(self) -> None:
        self.sums = Fingerprint()
        """Equal to the sums of another graph only if both hold the same."""
        self._nodes = NodeIds()

    def add_node(
        self,
        name: Hashable,
        labels: Sequence[str],
        columns: Sequence[Column],
        values: Iterable[Any],
    ) -> None:
        """Add a node.

        :param name: what relationships call the node.
        :raises CorruptError: if there is already a node with this name.
        """
        number = self.sums.add_node(0, labels, columns, _comparable(columns, values))
        self._nodes.put(name, number % _NUMBERS)

    def add_relationship(
        self,
        kind: str,
        ends: tuple[Hashable, Hashable],
        columns: Sequence[Column],
        values: Iterable[Any],
    ) -> None:
        """Add a relationship.

        :param ends: the names of its start node and its end node.
        :raises CorruptError: if one of them is unknown.
        """
        start, end = self._nodes.get(ends)
        self.sums.add_relationship(kind, (start, end), columns, _comparable(columns, values))


def _comparable(columns: Sequence[Column], values: Iterable[Any]) -> list[Any]:
    """Return the values, with an empty text for each that cannot be compared."""
    return [
        value if value is None or _is_comparable(column.kind) else ""
        for column, value in zip(columns, values, strict=True)
    ]


def _is_comparable(kind: str) -> bool:
    return is_typed(kind) or kind.startswith(_POINT)
