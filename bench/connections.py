"""How contenders connect: by the same variables as the service, in a process of their own."""

from __future__ import annotations

import os
from pathlib import Path

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity

from neo4j_r2.config import Neo4jSettings
from neo4j_r2.secret import Secret
from testbed.neo4j_server import DATABASE, USER
from testbed.s3_server import s3_client


def settings() -> Neo4jSettings:
    """Return where the graph is, as the service's own modules take it."""
    password = Secret(os.environ["NEO4J_PASSWORD"])
    return Neo4jSettings(os.environ["NEO4J_URI"], USER, password, DATABASE)


def open_driver() -> Driver:
    """Return a new driver, as a user would open it."""
    return GraphDatabase.driver(
        os.environ["NEO4J_URI"],
        auth=(USER, os.environ["NEO4J_PASSWORD"]),
        notifications_min_severity=NotificationMinimumSeverity.OFF,
    )


def upload(path: Path) -> None:
    """Store a file in the bucket under its name, in parts and by threads as boto3 chooses."""
    client = s3_client(
        os.environ["R2_ENDPOINT_URL"],
        os.environ["R2_ACCESS_KEY_ID"],
        os.environ["R2_SECRET_ACCESS_KEY"],
    )
    client.upload_file(str(path), os.environ["R2_BUCKET_NAME"], path.name)
