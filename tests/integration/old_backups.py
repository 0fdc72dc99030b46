"""Backups of long ago: copies of a real one under keys of another time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service import Backup, Service

PREFIX = "neo4j-backup"


def days_ago(days: float) -> datetime:
    """Return a time in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


def stem(taken: datetime, *, database: str = "neo4j", prefix: str = PREFIX) -> str:
    """Return the key of a backup's files without their extension."""
    return f"{prefix}/{database}_{taken:%Y-%m-%d_%H-%M-%S}"


def put_archive(service: Service, key: str) -> str:
    """Put an archive that no manifest belongs to."""
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=b"an archive")
    return key


def put_backup(
    service: Service,
    original: Backup,
    taken: datetime,
    *,
    database: str = "neo4j",
    prefix: str = PREFIX,
    extension: str = "cypher.gz",
    **changes: Any,
) -> list[str]:
    """Put a complete backup, its manifest with `changes`, and return the keys of both files."""
    name = stem(taken, database=database, prefix=prefix)
    archive_key, manifest_key = f"{name}.{extension}", f"{name}.manifest.json"
    manifest = {**original.manifest, "database": database, "archive_key": archive_key, **changes}
    client = service.s3.client()
    client.put_object(Bucket=service.bucket, Key=archive_key, Body=original.archive)
    client.put_object(Bucket=service.bucket, Key=manifest_key, Body=json.dumps(manifest).encode())
    return [manifest_key, archive_key]
