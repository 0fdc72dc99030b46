"""Forgets the rows of a database whose chain is damaged: then its next backup is a full one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.backup.base import Base
from neo4j_r2.backup.row_state import RowState, RowStateError, forget_rows, row_state_path
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import CorruptError, NewerFormatError
from neo4j_r2.core.program_name import program_name
from neo4j_r2.restore.source import Source, StoredSource

log = logging.getLogger(__name__)


@contextmanager
def forgetting_if_damaged(config: Config, source: Source | StoredSource) -> Iterator[None]:
    """Forget the rows of a database if an archive is damaged that the next increment would need.

    :param source: what is read meanwhile. A file, or a copy elsewhere, tells nothing of the chain.
    """
    try:
        yield
    except NewerFormatError:
        raise
    except CorruptError:
        manifest = source.manifest
        if manifest and manifest.archive_key == source.label:
            _forget(config.service.state_directory, manifest)
        raise


def _forget(directory: Path, manifest: StoredManifest) -> None:
    database = manifest.database
    read = {manifest.archive_key, *(need.key for need in manifest.needs)}
    if not read & _needed_next(directory, database):
        return
    if forget_rows(directory, database):
        log.info("The next backup of database %s will be a full one", database)
    else:
        log.warning(
            "The record of the rows of database %s cannot be removed: `%s backup --full` makes a "
            "backup that needs nothing damaged", database, program_name(),
        )  # fmt: skip


def _needed_next(directory: Path, database: str) -> set[str]:
    """Return the keys of the archives that the next increment needs; none if it will be none."""
    try:
        base = Base.from_json(RowState(row_state_path(directory, database)).description)
    except (RowStateError, ValueError, TypeError, KeyError):
        return set()
    return {need.key for need in base.needs}
