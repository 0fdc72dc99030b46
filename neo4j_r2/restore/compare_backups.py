"""Compares two backups of one database by the ids of their entities, and checks both meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from neo4j_r2.archive.archive_rows import NoIdsError
from neo4j_r2.archive.chain import PointBlock
from neo4j_r2.archive.compare_points import Point, differences
from neo4j_r2.archive.difference import Difference, DifferenceCounts
from neo4j_r2.archive.items import SchemaStatement
from neo4j_r2.archive.naming import naming
from neo4j_r2.archive.text.rows import number_of
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.restore.source import Source, manifest_of

_NOT_BY_ID: Final = "so it cannot be compared"


def refuse_incomparable(old: Source, new: Source) -> None:
    """Refuse two backups that have no ids in common, as far as their manifests tell.

    :raises ConfigurationError: if APOC made one, or one is no backup, or they are of two databases.
    """
    for source in (old, new):
        if manifest_of(source).export.method == "apoc":
            raise ConfigurationError(
                f"{source.label}: APOC made it, without the ids of relationships, {_NOT_BY_ID}"
            )
    if manifest_of(old).database_id != manifest_of(new).database_id:
        raise ConfigurationError(
            f"{old.label} and {new.label} are of two databases, or of one before and after it was "
            "made anew: every id in them means something else"
        )


def compare_backups(
    old: Source, new: Source, counts: DifferenceCounts, on_rows: Callable[[int], None]
) -> Iterator[Difference]:
    """Yield the entities that differ. At the end both backups are checked, and the counts complete.

    :param counts: is given all that differs.
    :param on_rows: is given the number of rows of each block that was read.
    :raises ConfigurationError: if a relationship has no id.
    :raises CorruptError: if a backup is not what its manifest describes.
    """
    try:
        readings = [_Reading(source, on_rows) for source in (old, new)]
        for difference in differences(*(reading.point() for reading in readings)):
            counts.add(difference)
            yield difference
    except NoIdsError as error:
        raise ConfigurationError(f"{error}: an earlier version made it, {_NOT_BY_ID}") from error
    for reading in readings:
        reading.finish()
    counts.compare_schema(*(reading.schema for reading in readings))


class _Reading:
    """A backup that is read. Each error names it."""

    def __init__(self, source: Source, on_rows: Callable[[int], None]) -> None:
        self._source = source
        self._on_rows = on_rows
        with naming(source.label):
            self._audited = source.chain()

    def point(self) -> Point:
        return Point(self._blocks(), manifest_of(self._source))

    def finish(self) -> None:
        with naming(self._source.label):
            self._audited.finish()

    @property
    def schema(self) -> Sequence[SchemaStatement]:
        return self._audited.chain.schema

    def _blocks(self) -> Iterator[PointBlock]:
        with naming(self._source.label):
            for block in self._audited.chain.blocks():
                self._on_rows(number_of(block.rows.rows))
                yield block
