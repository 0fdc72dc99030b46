"""The two languages of a calendar release, and indexes that only the newer one can state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import Query

from testbed.neo4j_server import Neo4jServer

LANGUAGES = ("CYPHER 5", "CYPHER 25")
"""The default language of a store upgraded in place, and that of a new installation."""
FILTERED = (
    "CYPHER 25 CREATE VECTOR INDEX filtered FOR (n:T) ON n.v WITH [n.a] "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
MULTI_LABEL = (
    "CYPHER 25 CREATE VECTOR INDEX `several labels` FOR (n:T|U) ON n.v "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
OF_RELATIONSHIPS = (
    "CYPHER 25 CREATE VECTOR INDEX facts FOR ()-[r:R|S]-() ON r.v WITH [r.a, r.b] "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)


@contextmanager
def in_language(server: Neo4jServer, language: str) -> Iterator[None]:
    """Empty the database, and let it have a default language for a while."""
    server.reset()
    set_language(server, language)
    yield
    set_language(server, LANGUAGES[0])


def set_language(server: Neo4jServer, language: str) -> None:
    """Set the default language of the database."""
    statement = Query(f"ALTER DATABASE {server.database} SET DEFAULT LANGUAGE {language}")
    with server.driver() as driver, driver.session(database="system") as session:
        session.run(statement).consume()
