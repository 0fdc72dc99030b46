"""A bookmark, by which a backup knows that nobody wrote, is of what reads can see."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.connection import Connection
from testbed.neo4j_server import Neo4jServer

NODES = 100_000
"""So many that the server needs a while to apply one transaction to its store."""
ROUNDS = 3
SECONDS = 60


@pytest.fixture
def connection(source: Neo4jServer) -> Connection:
    """A connection to a server with many nodes, not changed yet."""
    with source.driver() as driver:
        driver.execute_query("UNWIND range(1, $nodes) AS i CREATE (:Old {round: 0})", nodes=NODES)
    return Connection(
        Neo4jSettings(source.uri, source.user, Secret(source.password), source.database), SECONDS
    )


def test_who_has_a_bookmark_reads_all_that_was_committed_up_to_it(
    source: Neo4jServer, connection: Connection
) -> None:
    polls = threading.Event()

    def old_after_the_next_commit(number: int) -> int:
        """Return how many nodes still have the old value when the bookmark has just changed."""
        before, end = connection.applied_bookmark(), time.monotonic() + SECONDS
        polls.set()
        while connection.applied_bookmark() == before:
            assert time.monotonic() < end, "nothing was committed"
        count = "MATCH (n) WHERE n.round < $number RETURN count(n) AS old"
        old: int = connection.row(count, number=number)["old"]
        return old

    with ThreadPoolExecutor(1) as pool, source.driver() as driver, connection:
        for number in range(1, ROUNDS + 1):
            polls.clear()
            old = pool.submit(old_after_the_next_commit, number)
            assert polls.wait(SECONDS)
            driver.execute_query("MATCH (n) SET n.round = $number", number=number)
            assert old.result() == 0
