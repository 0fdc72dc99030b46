"""Backups that are not measured, for what is to be known of their archives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.stage import BACKUP, ContenderError, Stage
from bench.steps import Nodes, Relationships, Step
from neo4j_r2.archive.items import (
    NameList,
    NodeBatch,
    RelationshipBatch,
    SchemaStatement,
    parameters,
)
from neo4j_r2.restore.replay_queries import node_query, relationship_query
from neo4j_r2.restore.source import file_source
from neo4j_r2.restore.unlock import unlock

_CHOICE: Final = re.compile(r"APOC detected \(version: \S+\), using (.*)")
_SUFFIX: Final = ".cypher.gz"
_CHUNK_BYTES: Final = 1024 * 1024


def choice_of_auto(stage: Stage) -> str:
    """Return what BACKUP_EXPORT_METHOD=auto chooses for the source, and why."""
    bucket = stage.new_bucket()
    usage = stage.run([BACKUP], bucket, stage.source, BACKUP_EXPORT_METHOD="auto")
    stage.require_success(usage)
    stage.remove_bucket(bucket)
    found = _CHOICE.search(stage.log.read_text(encoding="utf-8"))
    if found is None:
        raise ContenderError(f"auto does not say what it chose:\n{stage.log_tail()}")
    return found[1]


def back_up(stage: Stage) -> str:
    """Back the source up by the walk, and return the new bucket that holds it."""
    bucket = stage.new_bucket()
    usage = stage.run([BACKUP], bucket, stage.source, BACKUP_EXPORT_METHOD="manual")
    stage.require_success(usage)
    return bucket


def download(stage: Stage, bucket: str) -> Path:
    """Return the archive that a bucket holds as a file."""
    [key] = [key for key in stage.stored(bucket) if key.endswith(_SUFFIX)]
    path = stage.directory / Path(key).name
    stage.s3.client().download_file(bucket, key, str(path))
    return path


def steps(archive: Path) -> Iterator[Step]:
    """Yield the steps by which an archive of this service is restored."""
    for item in unlock(file_source(archive), None).items():
        match item:
            case NodeBatch():
                rows = [[number, *row] for number, row in enumerate(parameters(item))]
                yield Nodes(node_query(item.labels, item.columns), item.names, rows)
            case RelationshipBatch():
                query = relationship_query(item.type, item.columns)
                yield Relationships(query, item.starts, item.ends, parameters(item))
            case SchemaStatement():
                yield item.text
            case NameList():
                continue  # the data makes the same names known, in another order
            case _:
                raise ContenderError(f"no archive of this service: {type(item).__name__} in it")


def gzip_size(archive: Path) -> int:
    """Return how many bytes `gzip -6` makes of an archive's text."""
    unpacking, packing = ["gunzip", "--stdout", str(archive)], ["gzip", "-6"]
    size = 0
    with (
        subprocess.Popen(unpacking, stdout=subprocess.PIPE) as gunzip,
        subprocess.Popen(packing, stdin=gunzip.stdout, stdout=subprocess.PIPE) as gzip,
    ):
        assert gzip.stdout is not None, "it was asked for"
        while chunk := gzip.stdout.read(_CHUNK_BYTES):
            size += len(chunk)
    if (gunzip.returncode, gzip.returncode) != (0, 0):
        raise ContenderError("gzip could not compress the archive's text")
    return size
