"""Threads that write to a graph during a test."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import LiteralString

from neo4j import Driver
from neo4j.exceptions import ClientError, TransientError

from testbed.neo4j_server import Neo4jServer

WRITERS = 3
DELETED_MEANWHILE = "Neo.ClientError.Statement.EntityNotFound"
WRITES: tuple[LiteralString, ...] = (
    "CREATE (:Late {number: $number})",
    "MATCH (a:Person {number: $one}), (b:Person {number: $other}) CREATE (a)-[:KNOWS]->(b)",
    "MATCH (a:Person {number: $one}) CREATE (a)-[:MET {at: $number}]->(:Late {number: $number})",
    "MATCH (a:Person {number: $one}) DETACH DELETE a",
    "MATCH (:Person {number: $one})-[r]->() DELETE r",
    "MATCH (a:Person {number: $one}) SET a.number = $other, a:Changed",
)


class Writers:
    """Threads that change a graph while the context is open."""

    def __init__(
        self, server: Neo4jServer, people: int, writes: Sequence[LiteralString] = WRITES
    ) -> None:
        """:param people: how many nodes of the label Person there are, numbered from 0."""
        self._server = server
        self._people = people
        self._writes = writes
        self._stop = threading.Event()
        self._committed = [0] * WRITERS

    @property
    def committed(self) -> int:
        """How many transactions were committed so far."""
        return sum(self._committed)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write while the context is open; an error of a writer is raised at its end."""
        with ThreadPoolExecutor(WRITERS) as pool, self._server.driver() as driver:
            futures: list[Future[None]] = [
                pool.submit(self._write, driver, writer) for writer in range(WRITERS)
            ]
            try:
                yield
            finally:
                self._stop.set()
            for future in futures:
                future.result()

    def _write(self, driver: Driver, writer: int) -> None:
        generator = random.Random(writer)
        while not self._stop.is_set():
            try:
                driver.execute_query(
                    generator.choice(self._writes),
                    number=generator.randrange(10**9),
                    one=generator.randrange(self._people),
                    other=generator.randrange(self._people),
                )
            except TransientError:  # a deadlock with another writer, nothing was committed
                continue
            except ClientError as error:
                if error.code != DELETED_MEANWHILE:
                    raise
                continue
            self._committed[writer] += 1
