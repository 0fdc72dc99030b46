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


@dataclass(frozen=True)
class Names:
    """The names that a database's entities use, each kind in the order in which it knows them.

    Neo4j gives each name a number when it is first used. The labels of a node, and its keys, come
    in the order of these numbers.
    """

    labels: list[str]
    types: list[str]
    keys: list[str]
