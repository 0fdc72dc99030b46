"""An exact fingerprint of a graph with node ids. The order of its entities does not matter."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.rows import Column

_MODULUS: Final = 1 << 256
_LIST: Final = "list of "


@dataclass
class Fingerprint:
    """The number of entities, and the sum of their SHA-256. Only equal graphs have equal ones."""

    nodes: int = 0
    relationships: int = 0
    _sum: int = 0

    @property
    def hex(self) -> str:
        """The sum as 64 hex digits."""
        return f"{self._sum:064x}"

    def add_node(
        self, number: int, labels: Sequence[str], columns: Iterable[Column], values: Iterable[Any]
    ) -> int:
        """Add a node, and return its SHA-256 as a number.

        :param number: the node's id.
        :param values: one for each column, as `decode` returns it; None if the node lacks it.
        """
        self.nodes += 1
        return self._add(["node", str(number), *_framed(sorted(labels))], columns, values)

    def add_relationship(
        self, kind: str, ends: tuple[int, int], columns: Iterable[Column], values: Iterable[Any]
    ) -> None:
        """Add a relationship; `ends` are the ids of its start node and its end node."""
        self.relationships += 1
        self._add(["relationship", kind, *map(str, ends)], columns, values)

    def _add(self, names: list[str], columns: Iterable[Column], values: Iterable[Any]) -> int:
        properties = sorted(
            (column.key, *_canonical(column.kind, value))
            for column, value in zip(columns, values, strict=True)
            if value is not None
        )
        digest = hashlib.sha256()
        parts: Iterable[str | bytes] = chain(names, chain.from_iterable(properties))
        for part in map(_encoded, parts):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        number = int.from_bytes(digest.digest(), "big")
        self._sum = (self._sum + number) % _MODULUS
        return number


def _framed(names: Sequence[str]) -> list[str]:
    return [str(len(names)), *names]


def _encoded(part: str | bytes) -> bytes:
    return part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part


def _canonical(kind: str, value: Any) -> tuple[str, bytes]:
    """Return a kind and bytes that are equal for equal values, however a program writes them."""
    kind = kind.replace("escaped ", "")
    if kind.startswith(_LIST) and not value:
        return _LIST, b""  # An empty list has no items to have a kind.
    if kind.startswith("point"):
        return kind, _floats(map(float, value.split(" ")))
    if kind == "float":
        return kind, _floats([value])
    if kind in ("list of float", FLOATS_32):
        return kind, _floats(value)
    if isinstance(value, bytes):
        return kind, value
    return kind, repr(value).encode("utf-8", "surrogatepass")


def _floats(values: Iterable[float]) -> bytes:
    # NaN has many bit patterns; for Cypher they are one value.
    ordinary = [math.nan if math.isnan(value) else value for value in values]
    return struct.pack(f">{len(ordinary)}d", *ordinary)
