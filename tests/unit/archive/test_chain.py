"""Archives that belong together are read as one graph, late nodes and gone ids included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from neo4j_r2.archive.chain import Chain
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.id_runs import GONE_IDS, runs_text
from neo4j_r2.archive.text.rows import Rows, number_of
from neo4j_r2.archive.text.statements import node_statements, relationship_script
from neo4j_r2.core.errors import CorruptError
from tests.archives import DATABASE, RESTORE_KEY, TAKEN
from tests.entities import entities, node_rows, relationship_rows


def nodes(**values: int) -> list[Rows]:
    """Return nodes: the number of each behind `n`, and its value."""
    return node_rows([[int(name[1:]), ["A"], ["p"], [value]] for name, value in values.items()])


def relationships(**ends: tuple[int, int]) -> list[Rows]:
    """Return relationships: the number of each behind `r`, and its endpoints."""
    return relationship_rows([[int(name[1:]), "T", *end, [], []] for name, end in ends.items()])


@dataclass(frozen=True)
class Block:
    """A block of an archive."""

    rows: Sequence[Rows] = ()
    gone: Sequence[int] = ()

    @property
    def text(self) -> str:
        """Its statements."""
        is_node = not self.rows or len(self.rows[0].names) == 1
        script = node_statements if is_node else relationship_script
        kind: Any = "node" if is_node else "relationship"
        gone = f"{GONE_IDS[kind]}{runs_text(self.gone)}\n" if self.gone else ""
        return f":begin\n{gone}{script(self.rows, RESTORE_KEY) if self.rows else ''}:commit\n"


def archive(*some: Block, is_increment: bool = True) -> list[bytes]:
    """Return the text of an archive, in pieces of whole lines."""
    header = (
        frame.increment_header(DATABASE, TAKEN)
        if is_increment
        else frame.header(DATABASE, TAKEN, "manual")
    )
    counts = [
        number_of([rows for block in some for rows in block.rows if len(rows.names) == names])
        for names in (1, 2)
    ]
    texts = [
        header + frame.restore_key_creation(RESTORE_KEY),
        *(block.text for block in some),
        frame.restore_key_removal(RESTORE_KEY, 1000) + frame.end(*counts),
    ]
    return [text.encode("ascii") for text in texts]


def full(*some: Block) -> list[bytes]:
    """Return the text of a full archive."""
    return archive(*some, is_increment=False)


def content(*archives: list[bytes]) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
    """Return the nodes and relationships; each node comes before a relationship that needs it."""
    chain = Chain([(f"archive {number}", texts) for number, texts in enumerate(archives)])
    found: dict[int, int] = {}
    ends: dict[int, tuple[int, int]] = {}
    for block in chain.blocks():
        for entity in entities(block.rows.rows):
            if block.entity == "node":
                assert entity.id not in found
                found[entity.id] = int(entity.cells[0][1])
            else:
                one, other = map(int, entity.names)
                assert {one, other} <= found.keys(), f"{entity.id} comes before its endpoints"
                ends[entity.id] = (one, other)
    assert chain.sums["node"].rows == len(found)
    assert chain.sums["relationship"].rows == len(ends)
    return found, ends


FULL = full(Block(nodes(n0=0, n1=1, n2=2)), Block(relationships(r0=(0, 1), r1=(1, 2))))


def test_an_increment_without_rows_changes_nothing() -> None:
    whole = ({0: 0, 1: 1, 2: 2}, {0: (0, 1), 1: (1, 2)})
    assert content(FULL) == whole
    assert content(FULL, archive()) == whole
    assert content(FULL, archive(), archive()) == whole


def test_the_newest_row_wins_and_what_is_gone_falls_out() -> None:
    one = archive(Block(nodes(n1=10), gone=[0]), Block(relationships(r1=(2, 1)), gone=[0]))
    other = archive(Block(nodes(n0=5, n7=7)), Block(relationships(r0=(7, 0))))
    assert content(FULL, one) == ({1: 10, 2: 2}, {1: (2, 1)})
    assert content(FULL, one, other) == ({0: 5, 1: 10, 2: 2, 7: 7}, {0: (7, 0), 1: (2, 1)})


LATE_LOW = full(
    Block(nodes(n5=5, n6=6)), Block(nodes(n2=2, n3=3)), Block(relationships(r0=(2, 5), r1=(3, 6)))
)
"""Its late nodes, with ids that were free, are needed by the first relationships."""
LATE_TWICE = full(
    Block(nodes(n5=5, n6=6)),
    Block(nodes(n2=2, n9=9)),
    Block(relationships(r0=(2, 9))),
    Block(nodes(n3=3)),
    Block(relationships(r9000=(3, 6))),
    Block(nodes(n4=4)),
)


@pytest.mark.parametrize(
    ("late", "whole"),
    [
        (LATE_LOW, ({2: 2, 3: 3, 5: 5, 6: 6}, {0: (2, 5), 1: (3, 6)})),
        (
            LATE_TWICE,
            ({2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 9: 9}, {0: (2, 9), 9000: (3, 6)}),
        ),
    ],
    ids=["directly behind the nodes", "in between"],
)
def test_late_nodes_of_the_newest_archive_come_before_what_needs_them(
    late: list[bytes], whole: object
) -> None:
    assert content(late) == whole


def test_late_nodes_of_an_older_archive_are_in_the_newer_ones() -> None:
    after = archive(Block(nodes(n2=20, n3=3)), Block(relationships(r0=(2, 6))))
    assert content(LATE_LOW, after) == ({2: 20, 3: 3, 5: 5, 6: 6}, {0: (2, 6), 1: (3, 6)})
    gone = archive(Block(nodes(n3=3), gone=[2]), Block(relationships(r0=(3, 5))))
    assert content(LATE_LOW, gone) == ({3: 3, 5: 5, 6: 6}, {0: (3, 5), 1: (3, 6)})


def test_late_nodes_of_an_increment_without_other_nodes_are_found() -> None:
    late = archive(Block(nodes(n8=8)), Block(relationships(r5=(8, 0))))
    assert content(FULL, late) == (
        {0: 0, 1: 1, 2: 2, 8: 8},
        {0: (0, 1), 1: (1, 2), 5: (8, 0)},
    )


def test_a_node_that_is_gone_and_late_in_one_increment_is_there() -> None:
    late = archive(
        Block(gone=[1]), Block(nodes(n1=100)), Block(relationships(r0=(0, 1), r1=(1, 2)))
    )
    assert content(FULL, late) == ({0: 0, 1: 100, 2: 2}, {0: (0, 1), 1: (1, 2)})


def test_relationships_out_of_order_are_refused() -> None:
    wrong = archive(Block(relationships(r9000=(0, 1))), Block(relationships(r5=(0, 1))))
    with pytest.raises(
        CorruptError, match="archive 1: its blocks are not in the order of their ids"
    ):
        content(FULL, wrong)


def test_an_archive_that_is_cut_off_is_refused() -> None:
    for number, cut in enumerate(([FULL[:-1], archive()], [FULL, archive()[:-1]])):
        with pytest.raises(CorruptError, match=f"archive {number}: .*the end is missing"):
            content(*cut)


def test_what_a_chain_yields_for_a_restore() -> None:
    items = list(Chain([("one", FULL), ("two", archive(Block(nodes(n1=10))))]).items())
    assert sum(len(item.rows) for item in items if isinstance(item, NodeBatch)) == 3
    assert sum(len(item.rows) for item in items if isinstance(item, RelationshipBatch)) == 2
