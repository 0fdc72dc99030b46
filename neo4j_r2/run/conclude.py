"""Ends an act as a run ends: with a line that says what went wrong, and an exit code."""

from __future__ import annotations

import logging
from collections.abc import Callable

from neo4j_r2.core.errors import EXIT_UNEXPECTED, BackupError, Ending

log = logging.getLogger(__name__)


def conclude(act: Callable[[], int]) -> int:
    """Act, and return the exit code; what is raised is logged, the unexpected with its place."""
    try:
        return act()
    except (BackupError, Ending) as error:
        log.error("%s", error)
        return error.exit_code
    except Exception:
        log.exception("Unexpected error")
        return EXIT_UNEXPECTED
