"""How contenders connect to Neo4j: by the service's variables, in a process of their own.

It imports no more than a floor needs: what a process loads is measured.
"""

from __future__ import annotations

import os

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret


def settings() -> Neo4jSettings:
    """Return where the graph is, as the service's own modules take it."""
    return Neo4jSettings(
        os.environ["NEO4J_URI"],
        os.environ["NEO4J_USER"],
        Secret(os.environ["NEO4J_PASSWORD"]),
        os.environ["NEO4J_DATABASE"],
    )


def open_driver() -> Driver:
    """Return a new driver, as a user would open it."""
    neo4j = settings()
    return GraphDatabase.driver(
        neo4j.uri,
        auth=(neo4j.user, neo4j.password.reveal()),
        notifications_min_severity=NotificationMinimumSeverity.OFF,
    )
