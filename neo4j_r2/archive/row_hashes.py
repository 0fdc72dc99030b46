"""Hashes of rows, and their sum: the fingerprint of a restore point that holds all of its rows.

The hash of a row depends on nothing but its entity. So it tells whether an entity has changed
between two backups, however they are cut into records, blocks and statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import orjson

from neo4j_r2.archive.text.rows import EntityKind, Rows, RowShape

HASHES_FORMAT: Final = 1
"""Says how a row becomes a hash. Hashes of two formats cannot be compared."""
HASH_BYTES: Final = 32
_MODULUS: Final = 1 << 8 * HASH_BYTES


@dataclass
class RowSum:
    """The number of rows, and the sum of their hashes modulo 2^256; the order does not matter.

    Equal sums mean equal graphs, unless somebody has looked for two graphs with one sum.
    """

    rows: int = 0
    total: int = 0

    def add(self, hashes: Iterable[bytes]) -> None:
        """Add the hashes of some rows."""
        numbers = [int.from_bytes(each, "big") for each in hashes]
        self.rows += len(numbers)
        self.total = (self.total + sum(numbers)) % _MODULUS

    def __str__(self) -> str:
        return f"{self.total:0{2 * HASH_BYTES}x}"


def sums_of_rows(sums: Mapping[EntityKind, RowSum]) -> dict[str, str]:
    """Return the sums of all rows of a restore point as its manifest has them."""
    texts = {str(entity): str(each) for entity, each in sums.items()}
    return {"format": str(HASHES_FORMAT), **texts}


def row_hashes(entity: EntityKind, rows: Rows) -> list[bytes]:
    """Return the hash of each row: BLAKE2b of two lines of JSON.

    The first line has the kind of entity, the labels or the type, and the key and kind of each
    column. The second line has the id, of a relationship the ids of its endpoints, and the cells.
    """
    start = _start(entity, rows.shape)
    ids = (rows.ids,) if entity == "node" else (rows.ids, *rows.names)
    hashes = []
    for line in map(orjson.dumps, zip(*ids, *rows.cells, strict=True)):
        each = start.copy()
        each.update(line)
        hashes.append(each.digest())
    return hashes


@lru_cache(maxsize=4096)
def _start(entity: EntityKind, shape: RowShape) -> Any:
    line = orjson.dumps([entity, shape.group, [list(column) for column in shape.columns]])
    return blake2b(line + b"\n", digest_size=HASH_BYTES)
