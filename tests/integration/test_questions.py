"""Questions to a restored graph, on the real servers: none writes, none takes too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import ConfigurationError, GraphError
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.login import log_in
from neo4j_r2.restore.ask import Asked, ask, explain_questions
from neo4j_r2.restore.expectation import read_expectation
from neo4j_r2.restore.questions import Question, read_questions
from neo4j_r2.run.stall_watch import Watch
from testbed import graphiti
from testbed.neo4j_server import Neo4jServer
from testbed.ports import free_port
from tests.integration.languages import LANGUAGES, in_language
from tests.unit.process import start

GRAPHITI_CHECKS = Path(__file__).parents[2] / "docs" / "examples" / "graphiti-checks.cypher"
WATCH = Watch(60)
"""It is not running: nothing here is stopped."""
ROWS = "rows.csv"
WRITES = {
    "CREATE": "CREATE (n:Written) RETURN 1 AS one",
    "MERGE": "MERGE (n:Written) RETURN 1 AS one",
    "SET": "MATCH (n:Kept) SET n.key = 2 RETURN n.key",
    "REMOVE": "MATCH (n:Kept) REMOVE n.key, n:Kept RETURN 1 AS one",
    "DELETE": "MATCH (n:Kept) DETACH DELETE n",
    "FOREACH": "FOREACH (i IN [1] | CREATE (:Written))",
    "new index": "CREATE INDEX written FOR (n:Written) ON (n.key)",
    "no index": "DROP INDEX kept",
    "new constraint": "CREATE CONSTRAINT written FOR (n:Written) REQUIRE n.key IS UNIQUE",
    "batches": "UNWIND [1, 2] AS i CALL (i) { CREATE (:Written) } IN TRANSACTIONS OF 1 ROWS",
    "vector": "MATCH (n:Kept) CALL db.create.setNodeVectorProperty(n, 'vector', [1.0, 2.0])",
    "label": "CALL db.createLabel('Written')",
    "file": f"LOAD CSV FROM 'file:///{ROWS}' AS row CREATE (:Written {{key: row[0]}})",
    "file in batches": f"LOAD CSV FROM 'file:///{ROWS}' AS row "
    "CALL (row) { CREATE (:Written {key: row[0]}) } IN TRANSACTIONS",
}
ENDLESS = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b WITH a WHERE a < 0 RETURN a"


@pytest.fixture(params=["5.26", *LANGUAGES])
def server(request: pytest.FixtureRequest) -> Iterator[Neo4jServer]:
    """Each supported release and language, empty."""
    if request.param not in LANGUAGES:
        yield request.getfixturevalue("target")
        return
    newest: Neo4jServer = request.getfixturevalue("newest")
    with in_language(newest, request.param):
        yield newest


@pytest.fixture
def connection(server: Neo4jServer) -> Iterator[Connection]:
    with Connection(settings(server), 5) as connection:
        yield connection


def settings(server: Neo4jServer) -> Neo4jSettings:
    return Neo4jSettings(server.uri, server.user, Secret(server.password), server.database)


def question(
    query: str, expectation: str = "no rows", name: str = "q", seconds: int = 60
) -> Question:
    return Question(name, query, read_expectation(expectation), seconds)


def asked(connection: Connection, *questions: Question) -> Asked:
    return ask(connection, questions, WATCH)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings so far, and forget them."""
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    caplog.clear()
    return messages


def contents(server: Neo4jServer) -> list[object]:
    """Return all that the writes could change."""
    with server.driver() as driver:
        return [
            record.values()
            for query in (
                "MATCH (n) RETURN labels(n), properties(n)",
                "SHOW INDEXES YIELD name RETURN name ORDER BY name",
                "SHOW CONSTRAINTS YIELD name RETURN name",
                "CALL db.labels() YIELD label WHERE label = 'Written' RETURN label",
            )
            for record in driver.execute_query(query).records
        ]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_question_can_write(
    server: Neo4jServer, connection: Connection, write: str, caplog: pytest.LogCaptureFixture
) -> None:
    (server.import_directory / ROWS).write_text("1\n2\n", encoding="utf-8")
    with server.driver() as driver:
        driver.execute_query("CREATE INDEX kept FOR (n:Kept) ON (n.key)")
        driver.execute_query("CREATE (:Kept {key: 1})")
    before = contents(server)

    with pytest.raises(ConfigurationError) as raised:
        explain_questions(connection, [question(write, name="it writes")])
    refused = "DRILL_CHECKS: question 'it writes' does not only read the graph"
    assert str(raised.value) == refused

    # The server refuses it too, even if nobody has looked at its plan.
    assert asked(connection, question(write, name="it writes")).failed == ["it writes"]
    (warning,) = told(caplog)
    assert warning.startswith("Question 'it writes' failed: Neo.ClientError.")
    assert contents(server) == before


def test_the_writes_that_no_question_can_make_are_possible(server: Neo4jServer) -> None:
    (server.import_directory / ROWS).write_text("1\n2\n", encoding="utf-8")
    for write in WRITES.values():
        server.reset()
        with server.driver() as driver, driver.session(database=server.database) as session:
            driver.execute_query("CREATE INDEX kept FOR (n:Kept) ON (n.key)")
            driver.execute_query("CREATE (:Kept {key: 1})")
            before = contents(server)
            session.run(write).consume()
        assert contents(server) != before or "createLabel" in write, write


def test_a_question_reads_nothing_but_the_graph(connection: Connection) -> None:
    with pytest.raises(ConfigurationError, match="'q' does not only read the graph"):
        explain_questions(connection, [question("SHOW DATABASES", "rows = 2")])


def test_no_question_makes_a_user(server: Neo4jServer, connection: Connection) -> None:
    write = question("CREATE USER written SET PASSWORD 'a long password'")
    with pytest.raises(ConfigurationError):
        explain_questions(connection, [write])
    assert asked(connection, write).failed == ["q"]
    with server.driver() as driver:
        users = driver.execute_query("SHOW USERS YIELD user", database_="system").records
    assert [record["user"] for record in users] == [server.user]


@pytest.mark.parametrize(
    ("query", "expectation"),
    [
        ("RETURN 3 AS count", "count > 2"),
        ("RETURN 3 AS count", "count = 3.0"),
        ("RETURN 3.0", "3"),
        ("RETURN 0.1", "0.1"),
        ("RETURN 1 = 1", "true"),
        ("RETURN 'Zürich' AS city", "city = 'Zürich'"),
        ("RETURN 1 AS `a``b`", "`a``b` = 1"),
        ("UNWIND range(1, 30) AS i RETURN i", "rows = 30"),
        ("UNWIND range(1, 100000) AS i RETURN i", "rows > 10000"),
        ("SHOW INDEXES", "rows = 2"),
        ("SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name", "no rows"),
        ("SHOW CONSTRAINTS", "no rows"),
        ("CALL db.labels()", "rows >= 0"),
        ("CALL db.labels() YIELD label WHERE label = 'none' RETURN count(*) AS count", "0"),
        ("CYPHER 5 RETURN 1", "1"),
        ("CYPHER runtime=slotted RETURN 1", "1"),
        ("MATCH (n:Unknown {unknown: 1}) RETURN count(n)", "0"),
        (f"LOAD CSV FROM 'file:///{ROWS}' AS row RETURN row", "rows = 2"),
    ],
)
def test_a_question_that_reads_is_answered(
    server: Neo4jServer, connection: Connection, query: str, expectation: str
) -> None:
    (server.import_directory / ROWS).write_text("1\n2\n", encoding="utf-8")
    explain_questions(connection, [question(query, expectation)])
    (answer,) = asked(connection, question(query, expectation)).answers
    assert (answer.name, answer.query, answer.expectation) == ("q", query, expectation)


@pytest.mark.parametrize(
    ("query", "expectation", "warning"),
    [
        ("RETURN 0 AS count", "count > 0", "expects count > 0, and count is 0"),
        ("RETURN null AS count", "count = 0", "expects count = 0, and count is null"),
        ("RETURN 0.0 / 0.0", "0", "expects 0, and the answer is nan"),
        ("RETURN '1'", "1", "expects 1, and the answer is '1'"),
        ("RETURN [1]", "1", "expects 1, and the answer is a value of type list"),
        ("RETURN date()", "'x'", "expects 'x', and the answer is a value of type Date"),
        ("CREATE ()", "no rows", "failed: Neo.ClientError.Statement.AccessMode: "),
        ("UNWIND [1, 2, 3] AS i RETURN i", "no rows", "expects no rows, and the answer has 3"),
        (
            "UNWIND range(1, 100000) AS i RETURN i",
            "no rows",
            "expects no rows, and the answer has more than 10,000",
        ),
        (
            "UNWIND range(1, 100000) AS count RETURN count",
            "count > 0",
            "gives more than 1 row, and count > 0 needs one",
        ),
        (
            "MATCH (n:None) RETURN n.count AS count",
            "count > 0",
            "gives 0 rows, and count > 0 needs one",
        ),
        (
            "UNWIND [1, 2] AS i CALL (i) { RETURN 1 AS one } IN TRANSACTIONS RETURN one",
            "rows = 2",
            "failed: Neo.DatabaseError.Transaction.TransactionStartFailed: ",
        ),
        (
            "EXPLAIN MATCH (n) RETURN n",
            "no rows",
            "failed: EXPLAIN plans a query, and gives no answer",
        ),
        ("RETURN 1 / 0", "1", "failed: Neo.ClientError.Statement.ArithmeticError: / by zero"),
        ("RETURN $unknown", "1", "failed: Neo.ClientError.Statement.ParameterMissing: "),
        (
            "CALL db.index.fulltext.queryNodes('none', '*:*') YIELD node RETURN count(node)",
            "0",
            "failed: Neo.ClientError.",
        ),
    ],
)
def test_a_question_that_is_not_answered_as_expected_is_told_by_its_name(
    connection: Connection,
    query: str,
    expectation: str,
    warning: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, bad = question("RETURN 1", "1", "good"), question(query, expectation, "bad")
    outcome = asked(connection, good, bad, question("RETURN 2", "2", "also good"))
    assert outcome.failed == ["bad"]
    assert [answer.name for answer in outcome.answers] == ["good", "also good"]
    (line,) = told(caplog)
    assert line.startswith(f"Question 'bad' {warning}")
    assert "\n" not in line


def test_a_question_that_takes_too_long_is_ended_by_the_server(
    server: Neo4jServer, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    slow = question(ENDLESS, name="slow", seconds=1)
    outcome = asked(connection, slow, question("RETURN 1", "1", "quick"))
    assert time.monotonic() - started < 10
    assert outcome.failed == ["slow"]
    assert [answer.name for answer in outcome.answers] == ["quick"]
    assert told(caplog) == ["Question 'slow' was not answered within 1 s"]
    with server.driver() as driver:
        running = driver.execute_query("SHOW TRANSACTIONS YIELD currentQuery").records
    assert not [record for record in running if "range(1, 1000000)" in record["currentQuery"]]


def test_wrong_questions_are_told_before_anything_is_restored(connection: Connection) -> None:
    questions = [
        question("RETURN 1", "1"),
        question("RETRUN 1", "1", "mistyped"),
        question("MATCH (n) RETURN m", name="unknown variable"),
        question("RETURN nothing.like.it(1)", name="unknown function"),
        question("CALL nothing.like.it()", name="unknown procedure"),
        question("CREATE ()", name="writing"),
        question("RETURN 1 AS other", "count > 0", "other column"),
        question("RETURN 1 AS a, 2 AS b", "1", "two columns"),
    ]
    with pytest.raises(ConfigurationError) as raised:
        explain_questions(connection, questions)
    problems = str(raised.value).removeprefix("DRILL_CHECKS: ").split("; question ")
    assert "\n" not in str(raised.value)
    assert len(problems) == 7
    version = log_in(connection).server_version
    for problem in problems[:4]:
        assert f" is not understood by Neo4j {version}: Neo.ClientError." in problem
    assert problems[4:] == [
        "'writing' does not only read the graph",
        "'other column' gives no column count",
        "'two columns' gives 2 columns, and 1 needs one",
    ]


def test_a_question_may_be_in_cypher_25_where_the_server_knows_it(connection: Connection) -> None:
    newer = question("CYPHER 25 RETURN 1", "1")
    if log_in(connection).server_version.startswith("5."):
        with pytest.raises(ConfigurationError, match="'q' is not understood by Neo4j 5"):
            explain_questions(connection, [newer])
    else:
        explain_questions(connection, [newer])
        assert asked(connection, newer).failed == []


def test_a_server_that_is_down_is_no_wrong_answer() -> None:
    nobody = Neo4jSettings(f"bolt://127.0.0.1:{free_port()}", "neo4j", Secret("p"), "neo4j")
    with (
        Connection(nobody, 0) as connection,
        pytest.raises(GraphError, match="connection failed"),
    ):
        explain_questions(connection, [question("RETURN 1", "1")])


def test_a_question_waits_no_longer_than_its_seconds_for_a_server_that_is_down() -> None:
    nobody = Neo4jSettings(f"bolt://127.0.0.1:{free_port()}", "neo4j", Secret("p"), "neo4j")
    started = time.monotonic()
    with (
        Connection(nobody, 600) as connection,
        pytest.raises(GraphError, match="connection failed"),
    ):
        asked(connection, question("RETURN 1", "1", seconds=1))
    assert 1 < time.monotonic() - started < 30


ASKING = """
import sys, time
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import Stalled
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.login import log_in
from neo4j_r2.restore.ask import ask
from neo4j_r2.restore.expectation import read_expectation
from neo4j_r2.restore.questions import Question
from neo4j_r2.run.stall_watch import Watch

uri, user, password, database = sys.argv[1:]
watch = Watch(1000)
with Connection(Neo4jSettings(uri, user, Secret(password), database), 60) as connection:
    log_in(connection)
    print("connected", flush=True)
    sys.stdin.readline()
    try:
        with watch.running():
            ask(connection, [Question("q", "RETURN 1", read_expectation("1"), 1)], watch)
    except Stalled as stalled:
        print(stalled.exit_code, stalled)
"""


def test_a_server_that_does_not_even_keep_the_time_is_left_ten_seconds_later(
    target: Neo4jServer,
) -> None:
    login = (target.uri, target.user, target.password, target.database)
    with start(ASKING, *login) as process:
        assert process.stdout
        assert process.stdout.readline() == "connected\n"
        with target.process.suspended():
            output, errors = process.communicate("ask\n", timeout=60)
    assert (output, errors) == ("3 No progress for 11 s while waiting for Neo4j\n", "")


def test_the_example_asks_a_graph_of_graphiti_and_sees_what_is_missing(
    server: Neo4jServer, connection: Connection
) -> None:
    questions = read_questions(GRAPHITI_CHECKS)
    explain_questions(connection, questions)  # the database is still empty
    with server.driver() as driver:
        graphiti.fill(driver, entities=40, dimensions=16)
        good = asked(connection, *questions)
        assert good.failed == []
        assert [answer.name for answer in good.answers] == [each.name for each in questions]

        driver.execute_query(
            "MATCH (n:Entity) WITH n LIMIT 1 SET n.name_embedding = n.name_embedding[..-1]"
        )
        shortened = asked(connection, *questions)
        assert shortened.failed == ["all embeddings of entities have one length"]

        driver.execute_query(
            "MATCH (n:Episodic) WITH n.entity_edges[0] AS uuid LIMIT 1 "
            "MATCH ()-[fact:RELATES_TO {uuid: uuid}]->() DELETE fact"
        )
        removed = asked(connection, *questions)
        assert removed.failed == [
            "all embeddings of entities have one length",
            "every fact that an episode names is there",
        ]
