"""Remembers the last look at the bucket: what was wrong with the newest backups of each database.

This is apart from the state file, because commands that do not hold the run lock look at the bucket
too. If they replaced the state file, they could undo what a run has just written there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run import state_directory
from neo4j_r2.run.state import StateFile

log = logging.getLogger(__name__)

FILE_NAME: Final = "bucket-look.json"


class BucketLook:
    """The file; each write replaces the whole file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> Mapping[str, Sequence[str]]:
        """Return the faults of each database, by its name; nothing without a file."""
        try:
            content = json.loads((self._directory / FILE_NAME).read_bytes())
            return {str(name): [str(each) for each in lines] for name, lines in content.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def record(self, database: str, faults: Sequence[str]) -> None:
        """Replace the faults of one database. A failure to write is only a warning.

        Nothing is written where the service has never run: nobody asks there for its health.
        """
        known = self.read()
        is_news = list(known.get(database, ())) != list(faults)
        if not is_news or StateFile(self._directory).read() is None:
            return
        text = json.dumps({**known, database: list(faults)}, indent=1)
        try:
            state_directory.replace_file(self._directory / FILE_NAME, f"{text}\n")
        except ConfigurationError as error:
            log.warning("This look at the bucket is not recorded: %s", error)
