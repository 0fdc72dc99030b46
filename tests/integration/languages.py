"""The two languages that a database of a calendar release can have as its default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import Query

from testbed.neo4j_server import Neo4jServer

LANGUAGES = ("CYPHER 5", "CYPHER 25")
"""The first is that of a store upgraded in place, the second that of a new installation."""


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
