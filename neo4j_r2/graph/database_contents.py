"""The contents of a database that a restore is about to replace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from neo4j_r2.archive.schema_description import DescribedSchema
from neo4j_r2.archive.text.quoting import escape_unicode
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.figures import counted, graph_size
from neo4j_r2.graph import unfinished_mark
from neo4j_r2.graph.reader import Graph


@dataclass(frozen=True)
class DatabaseContents:
    """How much data a database holds, and its schema.

    Lookup indexes are left out: every database has them.
    """

    nodes: int
    relationships: int
    schema: tuple[SchemaObject, ...]
    is_marked: bool
    """Whether an unfinished restore has left its mark."""

    def __str__(self) -> str:
        return (
            f"{graph_size(self.nodes, self.relationships)}, "
            f"{counted(len(self.schema), 'constraint or index', 'constraints and indexes')}"
        )

    @property
    def statements(self) -> set[str]:
        """The statements that create the schema, in the form that an archive has."""
        return set(filter(None, map(_statement, self.schema)))

    def without(self, *names: str) -> DatabaseContents:
        """Return the contents without the constraints and indexes of these names."""
        return replace(self, schema=tuple(each for each in self.schema if each.name not in names))

    def data_obstacles(self) -> list[str]:
        """Return the reasons against a restore that do not depend on the archive."""
        found = [f"it has {counted(self.nodes, 'node')}"] if self.nodes else []
        return [*found, "a restore into it was not finished"] if self.is_marked else found

    def obstacles(self, archive_schema: Collection[str] | None) -> list[str]:
        """Return all reasons against a restore into the database.

        Indexes and constraints that the archive has too are no reason: applications create them
        when they start. All others would be lost.

        :param archive_schema: the statements of the archive's schema, None if it was not read.
        """
        known = DescribedSchema(archive_schema or ())
        others = [each.name for each in self.schema if _statement(each) not in known]
        why = " that the archive does not have"
        if archive_schema is None:
            why = " that are not compared with the archive's (--skip-verify)"
        return [*self.data_obstacles(), *_schema_obstacle(others, why)]

    def drill_obstacles(self) -> list[str]:
        """Return all reasons against a drill: afterwards the database has no data and no schema."""
        return [*self.data_obstacles(), *_schema_obstacle([each.name for each in self.schema])]


def _schema_obstacle(names: Collection[str], why: str = "") -> list[str]:
    return [f"it has constraints or indexes{why}: {', '.join(names)}"] if names else []


def _statement(schema_object: SchemaObject) -> str | None:
    statement = schema_object.create_statement
    return None if statement is None else escape_unicode(statement)


def database_contents(graph: Graph) -> DatabaseContents:
    """Return the contents of a database."""
    constraints, indexes = graph.catalogue.schema()
    schema = [each for each in (*constraints, *indexes) if each.type != "LOOKUP"]
    return DatabaseContents(
        *graph.catalogue.counts(),
        schema=tuple(each for each in schema if each.name != unfinished_mark.NAME),
        is_marked=unfinished_mark.is_marked(indexes),
    )
