"""Runs the same act for each database; if one fails, the others still get their turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from neo4j_r2.core.errors import (
    EXIT_UNEXPECTED,
    BackupError,
    DatabasesFailedError,
    LoginRefusedError,
    Stalled,
)

log = logging.getLogger(__name__)


def each_database(databases: Sequence[str], act: Callable[[str], None]) -> None:
    """Act on one database after the other.

    :raises LoginRefusedError: at once, because Neo4j would refuse the others too.
    :raises DatabasesFailedError: after all had their turn, if any failed. If there is only one
        database, its own error is raised instead.
    """
    if len(databases) == 1:
        act(databases[0])
        return
    exit_codes: dict[str, int] = {}
    for number, database in enumerate(databases, 1):
        log.info("Database %s (%d of %d)", database, number, len(databases))
        try:
            act(database)
        except LoginRefusedError:
            raise
        except (BackupError, Stalled) as error:
            log.error("Database %s failed: %s", database, error)
            exit_codes[database] = error.exit_code
        except Exception:
            log.exception("Database %s failed: unexpected error", database)
            exit_codes[database] = EXIT_UNEXPECTED
    if exit_codes:
        raise DatabasesFailedError(exit_codes, len(databases))
