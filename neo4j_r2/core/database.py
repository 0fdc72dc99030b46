"""The records of a database and of its schema, which every package uses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Database:
    """A database by its name and its identity, and the server that it is on."""

    name: str
    id: str
    """The database's own id. A new or restored database has another one."""
    server_version: str
    edition: str


@dataclass(frozen=True)
class SchemaObject:
    """A constraint or an index, with the statement that creates it again."""

    name: str
    type: str
    properties: tuple[str, ...]
    create_statement: str | None
    """None if the server does not tell it. It begins with CYPHER 25 if it needs that language."""
