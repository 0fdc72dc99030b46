"""What a database holds before a restore replaces it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from neo4j_r2.archive.text.quoting import escape_unicode
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.graph import unfinished_mark
from neo4j_r2.graph.reader import Graph


@dataclass(frozen=True)
class DatabaseContents:
    """Data and schema, without the lookup indexes, which every database has."""

    nodes: int
    relationships: int
    schema: tuple[SchemaObject, ...]
    is_marked: bool
    """Whether a restore was begun and not finished."""

    def __str__(self) -> str:
        return (
            f"{self.nodes:,} nodes, {self.relationships:,} relationships, "
            f"{len(self.schema)} constraints and indexes"
        )

    @property
    def statements(self) -> set[str]:
        """The schema, as an archive states it."""
        return set(filter(None, map(_statement, self.schema)))

    def data_obstacles(self) -> list[str]:
        """Return what speaks against a restore into the database, whatever the archive holds."""
        found = [f"it has {self.nodes:,} nodes"] if self.nodes else []
        return [*found, "a restore into it was not finished"] if self.is_marked else found

    def obstacles(self, archive_schema: Collection[str] | None) -> list[str]:
        """Return all that speaks against it: applications create indexes when they start, but
        others than the archive's would be lost.

        :param archive_schema: None if the archive was not read.
        """
        known = archive_schema or ()
        others = [each.name for each in self.schema if _statement(each) not in known]
        if not others:
            return self.data_obstacles()
        why = "that the archive does not have"
        if archive_schema is None:
            why = "that are not compared with the archive's (--skip-verify)"
        return [
            *self.data_obstacles(),
            f"it has constraints or indexes {why}: {', '.join(others)}",
        ]


def _statement(schema_object: SchemaObject) -> str | None:
    statement = schema_object.create_statement
    return None if statement is None else escape_unicode(statement)


def database_contents(graph: Graph) -> DatabaseContents:
    """Return what a database holds."""
    constraints, indexes = graph.catalogue.schema()
    schema = [each for each in (*constraints, *indexes) if each.type != "LOOKUP"]
    return DatabaseContents(
        *graph.catalogue.counts(),
        schema=tuple(each for each in schema if each.name != unfinished_mark.NAME),
        is_marked=any(each.name == unfinished_mark.NAME for each in schema),
    )
