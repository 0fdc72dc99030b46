"""The two languages that a database of a calendar release can have as its default."""

from __future__ import annotations

from neo4j import Query

from testbed.neo4j_server import Neo4jServer

LANGUAGES = ("CYPHER 5", "CYPHER 25")
"""The first is that of a store upgraded in place, the second that of a new installation."""


def set_language(server: Neo4jServer, language: str) -> None:
    """Set the default language of the database."""
    statement = Query(f"ALTER DATABASE {server.database} SET DEFAULT LANGUAGE {language}")
    with server.driver() as driver, driver.session(database="system") as session:
        session.run(statement).consume()
