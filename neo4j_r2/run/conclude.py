"""Turns the errors of an act into one line of the log and an exit code."""

from __future__ import annotations

import logging
from collections.abc import Callable

from neo4j_r2.core.errors import EXIT_UNEXPECTED, BackupError, ConfigurationError, Ending
from neo4j_r2.run import signals
from neo4j_r2.run.note_on_failure import with_notes

log = logging.getLogger(__name__)


def conclude(act: Callable[[], int]) -> int:
    """Act, and return the exit code; log an error as one line, an unexpected one with traceback."""
    try:
        return act()
    except (BackupError, Ending) as error:
        log.error("%s", with_notes(error))
        return error.exit_code
    except Exception as error:
        if isinstance(error, ImportError) and not (error.name or "").startswith("neo4j_r2"):
            log.error(
                "A Python package is missing or too old (%s): run this program with the Python of "
                "its environment, as in .venv/bin/python backup.py; README.md says how to make it",
                error,
            )
            return ConfigurationError.exit_code
        log.exception("Unexpected error")
        return EXIT_UNEXPECTED
    finally:
        signals.settle()
