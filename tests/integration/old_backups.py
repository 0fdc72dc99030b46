"""Backups of long ago: copies of a real one under keys of another time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from neo4j_r2.archive.manifest import FORMAT_VERSION, ExportSummary, Manifest
from tests.service import Backup, Service

PREFIX = "neo4j-backup"


def days_ago(days: float) -> datetime:
    """Return a time in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


def stem(taken: datetime, *, database: str = "neo4j", prefix: str = PREFIX) -> str:
    """Return the key of a backup's files without their extension."""
    return f"{prefix}/{database}_{taken:%Y-%m-%d_%H-%M-%S}"


def invented_backup(archive: bytes = b"an archive", **summary: Any) -> Backup:
    """Return a backup made without a server; its archive is not a real one."""
    export = ExportSummary("manual", 2, 1, {}, {}, 0, 2, True, 0)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        service_version="0.1.0",
        database="neo4j",
        database_id="ours",
        server_version="5.26.19",
        server_edition="community",
        started="2025-10-08T02:00:00Z",
        finished="2025-10-08T02:00:05Z",
        export=replace(export, **summary),
        identity={},
        archive_key="",
        archive_size=len(archive),
        archive_sha256=hashlib.sha256(archive).hexdigest(),
        text_size=0,
        blocks=[],
    )
    return Backup(json.loads(manifest.to_json()), archive)


def put_archive(service: Service, key: str) -> str:
    """Put an archive without a manifest."""
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
