"""The text of some graphs is, byte for byte, the one that version 0.1.0 wrote.

A change of it is no fault by itself. But blocks that nobody wrote to are then other blocks in the
next backup, and readers of before may refuse them: see docs/design.md, "Archive grammar".
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import pytest

from neo4j_r2.archive.text.blocks import blocks
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from tests.entities import node_rows, relationship_rows

Records = Iterator[list[Any]]
VALUES: tuple[object, ...] = (
    *(True, 5, -3.5, 1e-5, 0.00001234, 1e22, -0.0, float("nan"), float("inf"), 2**62),
    *("x\ty", "é", "", "-", "--", "\n", "\\", "q" * 3000, [1, 2], [], ["a", "b"], [1.5, -0.0]),
    *(["a,;|\t\n\x1f\x1e\x1d\x1c~"], b"\x01\xff", [True]),
    {"type": "DATE NOT NULL", "text": "2024-02-29"},
    {"type": "DATE NOT NULL", "text": ["2024-02-29", "2024-03-01"]},
    {"type": "ZONED DATETIME NOT NULL", "text": "2024-01-01T00:00Z"},
    {"type": "ZONED DATETIME NOT NULL", "text": "1850-01-01T00:00+00:09:21[Europe/Paris]"},
    {"type": "list of 32-bit float", "text": [0.5, 1.5]},
)


def people(number: int) -> Records:
    """Yield nodes of a few shapes, more than a block of them."""
    chosen = random.Random(1)
    for each in range(number):
        keys = ["name", "age", "score", "active", "joined"] + ["nick"] * (each % 3 > 0)
        joined = {"type": "ZONED DATETIME NOT NULL", "text": f"20{each % 90 + 10}-01-01T00:00Z"}
        values = [f"Person {each} é"[: 9 + each % 9], each % 90, chosen.random(), each % 2 == 0]
        yield [each, ["Person"] + ["Boss"] * (each % 7 == 0), keys, [*values, joined, "n"]]


def odd_nodes(number: int) -> Records:
    """Yield nodes of many shapes, with gaps between their ids."""
    chosen, each = random.Random(3), 0
    for _ in range(number):
        each += chosen.choice([1, 1, 1, 2, 50])
        labels = chosen.sample("ABCD", chosen.randrange(3))
        if chosen.random() < 0.1:
            labels.append(f"R{chosen.randrange(400)}")
        keys = chosen.sample(["k1", "k2", "k3", "é", "x"], chosen.randrange(5))
        values = [
            chosen.choice(VALUES) if chosen.random() < 0.2 else chosen.choice([1, 2, "s"])
            for _ in keys
        ]
        yield [each, labels, keys, values]


def facts(number: int) -> Records:
    """Yield relationships with embeddings."""
    chosen = random.Random(5)
    for each in range(number):
        floats = [chosen.randrange(1000) / 1024 for _ in range(256)]
        ends = chosen.randrange(number), chosen.randrange(number)
        embedding = {"type": "list of 32-bit float", "text": floats}
        yield [each, "FACT", *ends, ["fact", "embedding"], [f"fact {each}", embedding]]


@pytest.mark.parametrize("together", [7, 128])
@pytest.mark.parametrize(
    ("graph", "rows", "statements", "sha256"),
    [
        (
            partial(people, 9000),
            node_rows,
            node_statements,
            "5e2b24f6fec43cbaa1514e2dbdb9bfd8fe5041242f4be42ba6b8d1bfb0cc7e83",
        ),
        (
            partial(odd_nodes, 6000),
            node_rows,
            node_statements,
            "3cedde6bda89ddc8d9f5390c590c6f49b71388477d2529070e837d7a25cad33b",
        ),
        (
            partial(facts, 2000),
            relationship_rows,
            relationship_statements,
            "e9a6cf34db0a8ed6eb67cba493933e842155338e94a295ff89a1ef70d25f7038",
        ),
    ],
    ids=["people", "odd nodes", "facts"],
)
def test_the_text_of_a_graph_is_the_one_of_before(
    graph: Callable[[], Records],
    rows: Callable[..., Any],
    statements: Callable[..., str],
    sha256: str,
    together: int,
) -> None:
    digest, key, records = hashlib.sha256(), RestoreKey.numbered(0), graph()
    batches = iter(lambda: list(islice(records, together)), [])
    for block in blocks(map(rows, batches)):
        text = statements(block.rows, key)
        digest.update(f"{block.first} {block.last}\n{text}".encode("ascii"))
    assert digest.hexdigest() == sha256
