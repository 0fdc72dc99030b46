"""Emptying a database quickly, schema included."""

from typing import LiteralString

from neo4j import Driver, Query, Session

# As a new Neo4j 5 database has them, names included.
DEFAULT_LOOKUP_INDEXES = {
    "index_343aff4e": "FOR (n) ON EACH labels(n)",
    "index_f7700477": "FOR ()-[r]-() ON EACH type(r)",
}
UNTIMED = 0.0
"""The timeout of a query that a server's `db.transaction.timeout` does not end."""
_DELETE_EVERYTHING: LiteralString = (
    "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 200 ROWS"
)


def empty(driver: Driver, database: str) -> None:
    """Remove all data, constraints and indexes, and restore the two default lookup indexes.

    Names of labels, types and keys stay known to the server: only a new store forgets them.
    """
    with driver.session(database=database) as session:
        for name in _names(session, "SHOW CONSTRAINTS YIELD name RETURN name"):
            _run(session, f"DROP CONSTRAINT {quoted(name)}")
        for name in _names(session, "SHOW INDEXES YIELD name, type RETURN name, type"):
            _run(session, f"DROP INDEX {quoted(name)}")
        _run(session, _DELETE_EVERYTHING)
        for target in DEFAULT_LOOKUP_INDEXES.values():
            # Without a name, it gets the one that a new database of this server's version has.
            _run(session, f"CREATE LOOKUP INDEX IF NOT EXISTS {target}")


def quoted(name: str) -> str:
    r"""`name` as an identifier: backticks doubled, and `\` escaped, as Neo4j decodes `\u` there."""
    return "`" + name.replace("`", "``").replace("\\", "\\u005C") + "`"


def _names(session: Session, statement: LiteralString) -> list[str]:
    """The names that `statement` lists, without the default lookup indexes."""
    return [
        record["name"]
        for record in session.run(Query(statement, timeout=UNTIMED))
        if record["name"] not in DEFAULT_LOOKUP_INDEXES or record.get("type") != "LOOKUP"
    ]


def _run(session: Session, statement: str) -> None:
    """Run a statement that was put together from quoted names."""
    session.run(Query(statement, timeout=UNTIMED)).consume()
