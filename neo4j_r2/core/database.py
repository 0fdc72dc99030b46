"""A database and its schema, as every package names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Database:
    """What names a database beyond doubt, and the server it is on."""

    name: str
    id: str
    """The store's own id; a restored or newly created database has another one."""
    server_version: str
    edition: str


@dataclass(frozen=True)
class SchemaObject:
    """A constraint or an index, with the statement by which the server would create it again."""

    name: str
    type: str
    properties: tuple[str, ...]
    create_statement: str | None
    """None if the server cannot say; with its language in front if only Cypher 25 can state it."""
