"""How this service connects to Neo4j."""

from __future__ import annotations

from typing import Final

import neo4j

from neo4j_r2.config import Neo4jSettings

CONNECTION_SECONDS: Final = 10.0


def open_driver(settings: Neo4jSettings) -> neo4j.Driver:
    """Return a driver that logs in as the settings say; nothing is sent yet."""
    return neo4j.GraphDatabase.driver(
        settings.uri,
        auth=(settings.user, settings.password.reveal()),
        connection_timeout=CONNECTION_SECONDS,
        connection_acquisition_timeout=2 * CONNECTION_SECONDS,
        notifications_min_severity="OFF",
        user_agent="neo4j-r2-backup",
    )
