"""What the benchmark has found out, one record at a time, and the file that keeps it.

A file has a JSON object on each line, so that a run that is killed loses nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from bench.measure import Usage

log = logging.getLogger(__name__)

Subject = Literal["backup", "increment", "chain", "restore"]
"""An increment is compared with a full backup, and the restore of a chain with that of the full one
in it."""

OURS: Final = "ours"
APOC_FILE: Final = "apoc-file"
APOC_STREAM: Final = "apoc-stream"
SHELL_ON_OURS: Final = "shell-on-ours"
SHELL_ON_APOC: Final = "shell-on-apoc"
FLOOR: Final = "floor"
INCREMENT: Final = "increment"
IDLE: Final = "idle"
CHAIN: Final = "chain"


@dataclass(frozen=True)
class Graph:
    """A generated graph."""

    name: str
    """social or graphiti."""
    entities: int
    """As it was asked for: nodes of social, entities of graphiti."""
    nodes: int
    relationships: int


@dataclass(frozen=True)
class Machine:
    """What a run was made on; the first of its records."""

    session: str
    """When the run began, UTC; what all its records have in common."""
    cores: int
    python: str
    neo4j: str
    apoc: str
    java: str


@dataclass(frozen=True)
class Archive:
    """What our backup of a graph is like."""

    session: str
    graph: Graph
    auto: str
    """What BACKUP_EXPORT_METHOD=auto chooses, and why."""
    gzip_bytes: int | None
    """What `gzip -6` makes of the archive's text; None if that was left out."""


@dataclass(frozen=True)
class Sample:
    """One measured run of one contender."""

    session: str
    subject: Subject
    graph: Graph
    contender: str
    has_succeeded: bool
    usage: Usage
    stored_bytes: int
    """By a backup; 0 of a restore."""

    def __str__(self) -> str:
        return (
            f"{self.subject} of {self.graph.name} {self.graph.entities}: {self.contender} "
            f"{'took' if self.has_succeeded else 'failed after'} {self.usage.wall_seconds:.2f} s, "
            f"{self.usage.peak_bytes / 1e6:.0f} MB"
        )


Record = Machine | Archive | Sample
_RECORDS: Final = {record.__name__: record for record in (Machine, Archive, Sample)}
_NESTED: Final = {"graph": Graph, "usage": Usage}


@dataclass(frozen=True)
class Journal:
    """Keeps records, in a file as well if it has one."""

    path: Path | None
    records: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Keep a record, and tell of it."""
        log.info("%s", record)
        self.records.append(record)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({type(record).__name__: asdict(record)}) + "\n")


def read_records(lines: Iterable[str]) -> list[Record]:
    """Return the records of a journal's file.

    :raises ValueError: if a line is none.
    """
    return [_record(line) for line in lines]


def _record(line: str) -> Record:
    try:
        [(kind, fields)] = json.loads(line).items()
        nested = {
            name: _NESTED[name](**value) if name in _NESTED else value
            for name, value in fields.items()
        }
        return _RECORDS[kind](**nested)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no record of the benchmark: {line.strip()}") from error
