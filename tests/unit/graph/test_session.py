"""No statement is sent without the language that it is meant in, nor with a limit but a user's."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import cast

import neo4j
import pytest

from neo4j_r2.graph.session import Reading, Session, with_language
from tests.unit.process import ROOT

GETS_A_SESSION = {"GraphDatabase", "AsyncGraphDatabase"}
"""The driver's names by which a program gets at sessions of its own."""


class Recording:
    """Stands in for the driver's session and its transaction, and keeps what they are to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, object]]] = []
        self.timeouts: list[float | None] = []

    def run(
        self, statement: str | neo4j.Query, parameters: Mapping[str, object] | None = None
    ) -> None:
        """Keep a statement."""
        if isinstance(statement, neo4j.Query):
            self.timeouts.append(statement.timeout)
        self.sent.append((str(statement), dict(parameters or {})))

    def begin_transaction(self, timeout: float | None = None) -> Recording:
        """Keep the statements of a transaction too."""
        self.timeouts.append(timeout)
        return self


def test_a_session_and_its_transactions_send_statements_in_cypher_5() -> None:
    recording = Recording()
    session = Session(cast("neo4j.Session", recording))
    session.run("RETURN 1")
    session.begin_transaction().run("RETURN $rows", {"rows": [1]})
    assert recording.sent == [("CYPHER 5 RETURN 1", {}), ("CYPHER 5 RETURN $rows", {"rows": [1]})]


def test_neither_a_statement_nor_a_transaction_ends_by_the_servers_timeout() -> None:
    recording = Recording()
    session = Session(cast("neo4j.Session", recording))
    session.run("RETURN 1")
    session.begin_transaction().run("RETURN 1", {})
    assert recording.timeouts == [0, 0]


def test_a_reading_ends_by_the_server_s_timeout_and_says_its_language() -> None:
    recording = Recording()
    reading = Session(cast("neo4j.Session", recording)).begin_reading(60)
    reading.run("RETURN 1")
    reading.explain("RETURN 1")
    reading.explain("CYPHER 25 RETURN 1")
    assert recording.timeouts == [60]
    assert [statement for statement, _ in recording.sent] == [
        "CYPHER 5 RETURN 1",
        "EXPLAIN CYPHER 5 RETURN 1",
        "EXPLAIN CYPHER 25 RETURN 1",
    ]


def test_nobody_can_commit_a_reading() -> None:
    assert {name for name in vars(Reading) if not name.startswith("_")} == {"run", "explain"}


@pytest.mark.parametrize(
    "statement", ["CYPHER 25 SHOW INDEXES", "cypher 5 RETURN 1", "\nCYPHER\t25\nRETURN 1"]
)
def test_a_statement_that_names_its_language_is_sent_as_it_is(statement: str) -> None:
    assert with_language(statement) == statement


@pytest.mark.parametrize(
    "statement", ["CYPHER runtime=slotted RETURN 1", "MATCH (CYPHER) RETURN 5"]
)
def test_a_statement_that_only_looks_like_it_is_in_cypher_5(statement: str) -> None:
    assert with_language(statement) == f"CYPHER 5 {statement}"


def test_only_one_module_opens_sessions_and_hands_them_out() -> None:
    package = ROOT / "neo4j_r2"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in GETS_A_SESSION)
        or (isinstance(node, ast.alias) and node.name in GETS_A_SESSION)
    }
    assert found == {"graph/driver.py"}
