"""APOC's Cypher export as an archive, where its text is known to lose nothing.

APOC streams an export from a thread whose errors nobody reads, so that a stream can end early and
look well; under writers it repeats and misses entities; and what it writes loses some types, names
and schema objects. So its schema is replaced by the service's own, its last row is demanded, its
counts are compared, and nothing may have been committed meanwhile. `survey_graph` keeps it from
graphs that it would damage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from math import isnan
from typing import Any, Final

from neo4j_r2 import script
from neo4j_r2.cypher import escape_non_ascii
from neo4j_r2.errors import GraphError
from neo4j_r2.graph import Database, Graph, SchemaObject
from neo4j_r2.log import megabytes
from neo4j_r2.manifest import ExportSummary
from neo4j_r2.pack import TextBlock
from neo4j_r2.rows import Row, node_rows, relationship_rows
from neo4j_r2.statements import Identity

FAST_ENTITIES: Final = 10_000
"""Up to so many entities cypher-shell restores APOC's text within about a minute."""
FAST_CHARACTERS: Final = 32 * 1024 * 1024
"""Up to so much text is small for the server's heap, in which APOC builds it."""
MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""More text than this is never asked of APOC."""
LONGEST_LIST: Final = 16
"""Each item of a longer list costs the parser as much as an entity; 1,024 floats are too many."""
FAITHFUL_KINDS: Final = frozenset(
    {
        "boolean",
        "integer",
        "float",
        "string",
        "date",
        "local time",
        "zoned time",
        "local datetime",
        "zoned datetime",
        "duration",
        "point 2d",
        "point 3d",
        "list of boolean",
        "list of integer",
        "list of float",
        "list of string",
        "list of escaped string",
    }
)
"""Kinds of values (of `values.KINDS`) that the suite shows to come back exactly."""

FAITHFUL_STORAGE: Final = frozenset(
    f"{name}{suffix}"
    for name in (
        "Boolean",
        "Long",
        "Double",
        "String",
        "Date",
        "LocalTime",
        "Time",
        "LocalDateTime",
        "DateTime",
        "Duration",
        "Point",
    )
    for suffix in ("", "Array")
)
"""Types in the store that come back as the same; of a 32-bit float APOC writes other digits."""

_FAITHFUL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNFAITHFUL_KEY: Final = "properties"
"""As a unique property it collides with a name in APOC's text."""
_STATEMENT_ROWS: Final = 20
_BATCH_CHARACTERS: Final = 4 * 1024 * 1024
_LARGEST_BATCH: Final = 20_000


@dataclass(frozen=True)
class Survey:
    """What a look at the whole graph says of APOC."""

    bookmark: frozenset[str]
    """From before the look: an equal one later means that it still holds."""
    unfit_reason: str | None
    """Why APOC would not give the graph back exactly, None if it would."""
    characters: int
    """Of all values, about."""


class ApocError(GraphError):
    """APOC's export did not end as a complete one does; the walk can take its place."""


class ApocExport:
    """One export; `blocks` is to be exhausted before `summary`."""

    method = "apoc"
    identity = Identity("UNIQUE IMPORT LABEL", "UNIQUE IMPORT ID", "UNIQUE_IMPORT_NAME")
    """The names that APOC's text uses; the constraint's is of no importance to it."""

    def __init__(
        self,
        graph: Graph,
        database: Database,
        started: datetime,
        survey: Survey,
        on_progress: Callable[[int], None],
    ) -> None:
        """Prepare an export of a graph in which `survey` found no reason against it.

        `on_progress` is told of the entities in each batch.
        """
        self._graph = graph
        self._database = database
        self._started = started
        self._survey = survey
        self._on_progress = on_progress
        self._entities = 0
        self._summary: ExportSummary | None = None

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the archive's text in its order.

        :raises ApocError: if the text is not whole, or could be a mixture of states.
        """
        constraints, indexes = self._graph.schema()
        # Its text finds endpoints by the user's unique properties, so it needs those constraints.
        # Nothing can violate them, as nothing was committed meanwhile.
        text = script.header(self._database, self._started, self.method)
        text += script.constraint_creation(constraints) + script.identity_creation(self.identity)
        yield _block("prologue", text)
        counts = self._graph.counts()
        yield from self._statements(counts)
        self._summary = self._summarised(len(constraints), len(indexes))
        if self._graph.bookmark() != self._survey.bookmark:
            raise ApocError("the graph was written to during APOC's export")
        text = script.identity_removal(self.identity) + script.index_creation(indexes)
        yield _block("epilogue", text + script.end(*counts))

    def summary(self) -> ExportSummary:
        """Return what the archive holds."""
        if self._summary is None:
            raise AssertionError("the blocks have not ended")
        return self._summary

    def _summarised(self, constraints: int, indexes: int) -> ExportSummary:
        labels, types = self._graph.counts_by_group()
        return ExportSummary(
            method=self.method,
            nodes=sum(number for _, number in labels),
            relationships=sum(number for _, number in types),
            nodes_by_labels={
                json.dumps(group): number
                for group, number in sorted((sorted(names), number) for names, number in labels)
            },
            relationships_by_type=dict(sorted(types)),
            constraints=constraints,
            indexes=indexes,
            consistent=True,
            dangling_relationships=0,
        )

    def _statements(self, counts: tuple[int, int]) -> Iterator[TextBlock]:
        """Yield APOC's statements, if its stream is complete and has as much as was counted."""
        batch = batch_size(sum(counts), self._survey.characters)
        last: Mapping[str, Any] = {"batches": 0, "rows": 0, "nodes": 0, "relationships": 0}
        try:
            for row in self._graph.apoc_export(batch, _STATEMENT_ROWS):
                text = (row["nodeStatements"] or "") + (row["relationshipStatements"] or "")
                entities = row["rows"] - last["rows"]
                self._on_progress(entities)
                yield TextBlock(
                    "statements", -1, -1, entities, escape_non_ascii(text).encode("ascii")
                )
                last = row
        except GraphError as error:
            raise ApocError(str(error)) from error
        if last["batches"] != last["rows"] // batch + 1:
            raise ApocError("APOC's export ended before its last row")
        if (last["nodes"], last["relationships"]) != counts:
            raise ApocError(
                f"APOC exported {last['nodes']} nodes and {last['relationships']} relationships "
                f"of {counts[0]} and {counts[1]}"
            )


def survey_graph(graph: Graph, on_progress: Callable[[], None]) -> Survey:
    """Find out whether APOC would give this graph back exactly.

    Reads the whole graph, up to the first reason; `on_progress` is called at each step.
    """
    bookmark = graph.bookmark()
    reason, characters = _unfit_schema(graph), 0
    if reason is None:
        reason, characters = _survey_content(graph, on_progress)
    return Survey(bookmark, reason, characters)


def batch_size(entities: int, characters: int) -> int:
    """Return how many entities APOC may put into one row, which is one string in its heap."""
    mean = max(1, characters // max(1, entities))
    return max(_STATEMENT_ROWS, min(_LARGEST_BATCH, _BATCH_CHARACTERS // mean))


def _unfit_schema(graph: Graph) -> str | None:
    constraints, indexes = graph.schema()
    if any(each.name == ApocExport.identity.constraint for each in (*constraints, *indexes)):
        return f"APOC uses the name {ApocExport.identity.constraint} itself"
    reasons = map(_unfit_constraint, constraints)
    return next((reason for reason in reasons if reason is not None), None)


def _survey_content(graph: Graph, on_progress: Callable[[], None]) -> tuple[str | None, int]:
    """Return the first reason against APOC, and the characters of cells read until then."""
    unknown = graph.storage_types() - FAITHFUL_STORAGE
    if unknown:
        return f"the store holds the type {min(unknown)}", 0
    last_node, last_relationship = graph.highest_node_id(), graph.highest_relationship_id()
    nodes = ((batch, node_rows) for batch in graph.nodes(last_node))
    relationships = ((batch, relationship_rows) for batch in graph.relationships(last_relationship))
    characters = 0
    for batch, encode in chain(nodes, relationships):
        on_progress()
        for record, row in zip(batch, encode(batch), strict=True):
            characters += row.size
            if (reason := _unfit_entity(record[-1], row)) is not None:
                return reason, characters
        if characters > MOST_CHARACTERS:
            return f"more than {megabytes(MOST_CHARACTERS)} of text", characters
    return None, characters


def _unfit_constraint(constraint: SchemaObject) -> str | None:
    """Return why the statements that match nodes by a constraint would not find them all."""
    if constraint.type == "RELATIONSHIP_UNIQUENESS":
        return None
    if constraint.type != "UNIQUENESS":
        return f"the constraint {constraint.name!r} is of the type {constraint.type}"
    if len(constraint.properties) > 1:
        return f"the constraint {constraint.name!r} is over several properties"
    if constraint.properties == (_UNFAITHFUL_KEY,):
        return f"the constraint {constraint.name!r} is over a property of that name"
    return None


def _unfit_entity(values: Sequence[Any], row: Row) -> str | None:
    """Return why one entity, by its values as read and as encoded, is not for APOC."""
    for name in (*row.shape.group, *(column.key for column in row.shape.columns)):
        if not _FAITHFUL_NAME.fullmatch(name):
            return f"the name {name!r} is not one that APOC is known to write exactly"
    for key, kind in row.shape.columns:
        if kind not in FAITHFUL_KINDS:
            return f"property {key!r} holds a {kind}"
    lists = [value for value in values if isinstance(value, list)]
    longest = max(map(len, lists), default=0)
    if longest > LONGEST_LIST:
        return f"a list of {longest} items is restored too slowly from APOC's text"
    # No node is found by a unique property that is NaN.
    if any(isinstance(item, float) and isnan(item) for item in chain(values, *lists)):
        return "a property holds NaN"
    return None


def _block(kind: str, text: str) -> TextBlock:
    return TextBlock(kind, -1, -1, 0, text.encode("ascii"))
