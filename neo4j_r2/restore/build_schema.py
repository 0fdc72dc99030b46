"""Creates indexes and constraints, which can take the server hours, and waits for them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.schema_description import DescribedSchema
from neo4j_r2.archive.text.quoting import CYPHER_25
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.threads import while_answering
from neo4j_r2.graph.database_contents import database_contents
from neo4j_r2.graph.driver_errors import is_unknown_statement
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.build_progress import BuildProgress
from neo4j_r2.restore.unknown_options import without_unknown_option

log = logging.getLogger(__name__)

LOOKUP_INDEXES: Final = (
    "CREATE LOOKUP INDEX IF NOT EXISTS FOR (n) ON EACH labels(n)",
    "CREATE LOOKUP INDEX IF NOT EXISTS FOR ()-[r]-() ON EACH type(r)",
)
"""The two indexes of a new database. The server gives them the same names as there."""
_NOT_ONLINE: Final = (
    "SHOW INDEXES YIELD name, state, failureMessage AS message WHERE state <> 'ONLINE'"
)
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.5
"""Seconds between two queries about the indexes. The first pause is short, since a small graph's
indexes are built in a few hundredths of a second."""


@dataclass(frozen=True)
class SchemaBuilder:
    """Creates the schema of one database."""

    graph: Graph
    target: Target
    progress: BuildProgress
    """Makes a step during a long statement, whenever the server answers."""

    def run(self, statement: str, *, once: bool = False) -> None:
        """Run one statement, however long it takes.

        :param once: see `Target.run`.
        :raises GraphError: if it fails, or if the server stops answering.
        """
        answer = self.graph.connection.require_answer
        while_answering(lambda: self.target.run(statement, once=once), answer, self.progress.step)

    def build(self, *statements: str) -> None:
        """Create indexes, and wait until the server has built them.

        :raises GraphError: if the server refuses one.
        """
        with self.progress:
            for statement in statements:
                self.run(statement)
            self.await_indexes()

    def create(self, statements: Iterable[str]) -> list[str]:
        """Create indexes and constraints; return those that the server refuses, and why."""
        failures = []
        for statement in statements:
            try:
                self._create(statement)
            except GraphError as error:
                # If the object is there all the same, the error does not matter.
                if statement not in DescribedSchema(database_contents(self.graph).statements):
                    failures.append(f"{statement}: {_reason(statement, error)}")
        return failures

    def _create(self, statement: str) -> None:
        """Create an index or a constraint, without the options that the server does not know.

        :raises GraphError: if the server refuses it for another reason.
        """
        known, left_out = statement, list[str]()
        while True:
            try:
                self.run(known)
                break
            except GraphError as error:
                reduced = without_unknown_option(known, str(error))
                if reduced is None:
                    raise
                known, option = reduced
                left_out.append(option)
        if left_out:
            log.warning(
                "The server does not know %s: created without: %s", ", ".join(left_out), statement
            )

    def await_indexes(self) -> list[str]:
        """Wait until no index is being built; return those that could not be built, and why.

        `db.awaitIndexes` looks only every tenth of a second, and ends at the first failure.
        """
        pause = _FIRST_PAUSE
        while True:
            indexes = self.graph.connection.rows(_NOT_ONLINE)
            if all(each["state"] == "FAILED" for each in indexes):
                return [_failure(each["name"], each["message"]) for each in indexes]
            self.progress.step()
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _reason(statement: str, error: GraphError) -> str:
    if statement.startswith(CYPHER_25) and is_unknown_statement(error):
        return "this Neo4j is too old for it"
    return str(error)


def _failure(index: str, message: str) -> str:
    reason, _, _ = message.partition("\n")
    return f"index {index}: {reason}"
