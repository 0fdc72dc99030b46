"""Remembers of which overdue drills people were told, so that each is told once.

Only the holder of the run lock replaces the file: a backup run tells of the drills.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run import state_directory
from neo4j_r2.run.json_values import read_time

log = logging.getLogger(__name__)

FILE_NAME: Final = "drill-overdue.json"


class ToldOverdue:
    """The file; each write replaces the whole file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def read(self) -> Mapping[str, datetime]:
        """Return by database when the drill was due of which people were told last."""
        try:
            content = json.loads(self._path.read_bytes())
            return {str(name): read_time(time) for name, time in content.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def record(self, told: Mapping[str, datetime]) -> None:
        """Add due times to those of other databases. A failure to write is only a warning."""
        times = {name: time.isoformat() for name, time in {**self.read(), **told}.items()}
        try:
            state_directory.replace_file(self._path, f"{json.dumps(times, indent=1)}\n")
        except ConfigurationError as error:
            log.warning("That people are told of an overdue drill is not recorded: %s", error)
