"""An archive's rows as the parameters of queries, in a file, so that a floor need not decode it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neo4j_r2.batches import NodeBatch, RelationshipBatch, SchemaStatement
from neo4j_r2.replay import node_query, relationship_query
from neo4j_r2.source import file_source


@dataclass(frozen=True)
class Nodes:
    """A query whose rows begin with their number; it returns pairs of that and the new id."""

    query: str
    identities: Sequence[Any]
    """Of each row's node, as relationships name it."""
    rows: list[list[Any]]


@dataclass(frozen=True)
class Relationships:
    """A query whose rows have two ids before what is here."""

    query: str
    starts: Sequence[Any]
    ends: Sequence[Any]
    rows: list[list[Any]]


Step = Nodes | Relationships | str
"""A string is a statement of the schema."""


def write_parameters(archive: Path, path: Path) -> None:
    """Write the steps by which an archive of this service is restored into a file."""
    with path.open("wb") as file:
        for item in file_source(archive).items():
            match item:
                case NodeBatch():
                    rows = [[number, *row] for number, row in enumerate(item.rows)]
                    query = node_query(item.labels, item.columns)
                    step: Step = Nodes(query, item.identities, rows)
                case RelationshipBatch():
                    query = relationship_query(item.type, item.columns)
                    step = Relationships(query, item.starts, item.ends, item.rows)
                case SchemaStatement():
                    step = item.text
                case _:
                    raise TypeError(f"no step of an archive: {type(item).__name__}")
            pickle.dump(step, file, pickle.HIGHEST_PROTOCOL)


def read_parameters(path: Path) -> Iterator[Step]:
    """Yield the steps that a file holds."""
    with path.open("rb") as file:
        while file.peek(1):
            step: Step = pickle.load(file)  # noqa: S301 - which `write_parameters` has just made
            yield step
