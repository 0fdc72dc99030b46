"""Does the same for each of several databases, so that one which fails does not stop the others."""

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
    """Act on each database in its turn.

    :raises LoginRefusedError: at once, as the others would be refused too.
    :raises DatabasesFailedError: in the end, if some of several failed. The failure of a single
        database is raised as it is.
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
