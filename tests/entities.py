"""Single entities as rows."""

from __future__ import annotations

from collections.abc import Sequence

from neo4j_r2.archive.text.rows import Row, node_rows, relationship_rows


def node_row(record: Sequence[object]) -> Row:
    """Encode ``[id, labels, keys, values]``."""
    [row] = node_rows([record])
    return row


def relationship_row(record: Sequence[object]) -> Row:
    """Encode ``[id, type, start id, end id, keys, values]``."""
    [row] = relationship_rows([record])
    return row
