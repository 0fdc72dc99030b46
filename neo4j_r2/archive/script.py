"""The blocks of an archive's text: its frame, the statements of its rows, and what is between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.blocks import RowBlock
from neo4j_r2.archive.text.id_runs import GONE_IDS, runs_text
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import GONE, EntityKind, characters_of_floats, number_of
from neo4j_r2.archive.text.statements import node_statements, relationship_script

_CHARACTERS_BETWEEN_CLEARINGS: Final = 16 * 1024 * 1024


def frame_block(kind: str, text: str) -> TextBlock:
    """Return a block without entities: prologue, clearing or epilogue."""
    return TextBlock(kind, -1, -1, 0, text.encode("ascii"))


def rows_block(kind: str, block: RowBlock, restore_key: RestoreKey) -> TextBlock:
    """Return the statements that create the rows of a block, in one transaction.

    :param kind: nodes, late nodes or relationships.
    """
    entity: EntityKind = "relationship" if kind == "relationships" else "node"
    statements = relationship_script if entity == "relationship" else node_statements
    rows = [each for each in block.rows if each.shape != GONE]
    ids = sorted(chain.from_iterable(each.ids for each in block.rows if each.shape == GONE))
    gone = f"{GONE_IDS[entity]}{runs_text(ids)}\n" if ids else ""
    text = f":begin\n{gone}{statements(rows, restore_key)}:commit\n".encode("ascii")
    is_base64 = 2 * sum(map(characters_of_floats, rows)) > len(text)
    return TextBlock(kind, block.first, block.last, number_of(rows), text, is_base64)


def with_clearings(blocks: Iterable[TextBlock]) -> Iterator[TextBlock]:
    """Yield blocks, and now and then between two of them one that clears the server's cache."""
    characters = 0
    for block in blocks:
        if characters > _CHARACTERS_BETWEEN_CLEARINGS:  # never behind the last block: it is the end
            yield frame_block("clearing", frame.CACHE_CLEARING)
            characters = 0
        yield block
        characters += len(block.text)
