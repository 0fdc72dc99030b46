"""Selects the databases for a command: those that are configured, or all that there are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.config.neo4j_settings import SYSTEM_DATABASE
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.config.settings import Config
from neo4j_r2.core.patience import Patience
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.login import online_databases, wait_until_ready

log = logging.getLogger(__name__)


def select_databases(
    config: Config,
    patience: Patience,
    on_try: Callable[[], None],
    expected: Sequence[str] = (),
) -> Sequence[str]:
    """Return the names of the databases to back up, in the order of their backups.

    :param expected: the databases that were backed up before. If all databases are configured,
        those of them that are not online any more come last: their backups must fail, so that
        somebody notices.
    :param patience: how long to wait for a server that is not up yet.
    :param on_try: is called after each try that failed.
    :raises GraphError: if all databases are configured, and the server names none.
    """
    if config.databases != ALL_DATABASES:
        return config.databases
    server = Connection(config.of(SYSTEM_DATABASE).neo4j, config.retry_seconds)
    with server as connection, patience.spending() as seconds:
        found = wait_until_ready(partial(online_databases, connection), seconds, on_try)
    log.info("Databases online: %s", ", ".join(found))
    return [*found, *(name for name in expected if name not in found)]


def stored_databases(bucket: Bucket, config: Config, wished: str | None) -> Sequence[str]:
    """Return the names of the databases for a command that asks only R2.

    :param wished: the only database that is asked for; None means all that are configured.
    :raises BucketError: if the bucket cannot be read.
    """
    if wished is not None:
        return [wished]
    if config.databases != ALL_DATABASES:
        return config.databases
    return databases_in(backups_in(bucket, config.r2.prefix))


def databases_in(backups: Iterable[StoredBackup]) -> list[str]:
    """Return the names of the databases of which there are backups, in the order of the names."""
    return sorted({backup.name.database for backup in backups})
