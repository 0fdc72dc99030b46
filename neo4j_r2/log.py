"""The log: the specification's lines as text, or the same as JSON, on standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.secret import MASK, Secret

_SHORTEST_REDACTED: Final = 6
"""A shorter secret could be a part of ordinary words, which redaction would spoil."""


def set_up(level: str, log_format: str, secrets: Iterable[Secret] = ()) -> None:
    """Send this service's log to standard error; a library's only from warnings on.

    Whatever a message holds, `secrets` in it are masked: they should not get there, but an error's
    text can come from a server or a library.
    """
    formatter = _JsonFormatter if log_format == "json" else _TextFormatter
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter([secret.reveal() for secret in secrets]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("backup", "neo4j_r2"):
        logging.getLogger(name).setLevel(level.upper())
    # The driver warns of each retry, which this service reports itself.
    logging.getLogger("neo4j").setLevel(logging.ERROR)


def megabytes(size: int) -> str:
    """Return a size for people: bytes as MB of 1,000,000 bytes."""
    return f"{size / 1e6:.2f} MB"


class _TextFormatter(logging.Formatter):
    def __init__(self, secrets: list[str]) -> None:
        super().__init__("[%(levelname)s] %(message)s")
        self._secrets = sorted(
            (secret for secret in secrets if len(secret) >= _SHORTEST_REDACTED),
            key=len,
            reverse=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._redacted(super().format(record))

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = re.sub(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", MASK, text)
        return text


class _JsonFormatter(_TextFormatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": self._redacted(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = self._redacted(self.formatException(record.exc_info))
        return json.dumps(entry)
