"""The graph that is read: one database, and all ways to read it."""

from __future__ import annotations

from typing import Self

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.graph.apoc import Apoc
from neo4j_r2.graph.catalogue import Catalogue
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.entities import Entities
from neo4j_r2.graph.queries import NODES, RELATIONSHIPS


class Graph:
    """One database; reads only."""

    def __init__(self, settings: Neo4jSettings, retry_seconds: float) -> None:
        """Prepare a connection; see `Connection`."""
        self.connection = Connection(settings, retry_seconds)
        self.read_sizes = self.connection.read_sizes
        self.nodes = Entities(self.connection, NODES)
        self.relationships = Entities(self.connection, RELATIONSHIPS)
        self.catalogue = Catalogue(self.connection)
        self.apoc = Apoc(self.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        self.connection.__exit__(error_type)
