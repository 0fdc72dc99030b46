"""A file of the state directory that holds one record, as JSON with the version of its format."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from neo4j_r2.core.errors import BackupError
from neo4j_r2.run import state_directory

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

log = logging.getLogger(__name__)

Record = TypeVar("Record", bound="DataclassInstance")


class RecordFile(Generic[Record]):
    """The file; each write replaces the whole file."""

    def __init__(
        self, path: Path, version: int, from_json: Callable[[dict[str, Any]], Record]
    ) -> None:
        self._path = path
        self._version = version
        self._from_json = from_json
        self._told_problem = ""

    def read(self) -> Record | None:
        """Return the record; None if there is no file that this version can read."""
        try:
            content = json.loads(self._path.read_bytes())
            return self._from_json(content) if content["format_version"] == self._version else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def write(self, record: Record) -> None:
        """Replace the file.

        :raises ConfigurationError: if the directory cannot be used.
        """
        state_directory.prepare(self._path.parent)
        state_directory.replace_file(self._path, f"{self._json(record)}\n")

    def write_or_warn(self, record: Record, what: str) -> None:
        """Replace the file; if that fails, log a warning, but not again for the same cause.

        :param what: what is not recorded then, as in "This run".
        """
        try:
            self.write(record)
        except BackupError as error:
            if self._told_problem != str(error):
                log.warning("%s is not recorded: %s", what, error)
            self._told_problem = str(error)

    def _json(self, record: Record) -> str:
        content = {"format_version": self._version, **asdict(record)}
        return json.dumps(content, indent=1, default=datetime.isoformat)
