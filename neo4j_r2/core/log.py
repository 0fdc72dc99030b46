"""The log on standard error: the specification's lines as text, or the same lines as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from neo4j_r2.core.progress_bar import Bar, LogStream, open_bar
from neo4j_r2.core.secret import Redaction, Secret


@dataclass(frozen=True)
class LogStyle:
    """How the lines of the log look."""

    format: str = "text"
    """text or json."""
    time_zone: tzinfo | None = None
    """Each line of text begins with the time in this zone; None leaves it out."""


def set_up(level: str, style: LogStyle, secrets: Iterable[Secret] = ()) -> None:
    """Send the log to standard error. Libraries are logged only from warnings on.

    :param level: the lowest level of this service's messages.
    :param secrets: are masked in every message.
    """
    redact = Redaction(secrets)
    is_json = style.format == "json"
    handler = logging.StreamHandler(LogStream())
    handler.setFormatter(
        _JsonFormatter(redact) if is_json else _TextFormatter(redact, style.time_zone)
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("neo4j_r2").setLevel(level.upper())
    # The driver also raises what it logs, and this service reports that itself, once.
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)
    # The HTTP client's warnings name URLs, and those of notifications and pings are secret.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    # The web server's warnings have texts that clients chose, and its limits are no failures.
    logging.getLogger("waitress").setLevel(logging.CRITICAL)


def watched_bar(action: str, total: float) -> Bar | None:
    """Open a progress bar, if somebody looks at the log: as text, from info on, on a terminal.

    :param total: how much there is to do; 0 if nobody knows.
    """
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    is_json = any(isinstance(each, _JsonFormatter) for each in formatters)
    if is_json or not logging.getLogger("neo4j_r2").isEnabledFor(logging.INFO):
        return None
    return open_bar(action, total)


def redact(text: str) -> str:
    """Return a text with the secrets of `set_up` masked, as the log would show it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _TextFormatter):
            return handler.formatter.redact(text)
    return text


class _TextFormatter(logging.Formatter):
    def __init__(self, redact: Redaction, time_zone: tzinfo | None = None) -> None:
        super().__init__("[%(levelname)s] %(message)s")
        self.redact = redact
        self._time_zone = time_zone

    def format(self, record: logging.LogRecord) -> str:
        line = self.redact(super().format(record))
        if self._time_zone is None:
            return line
        time = datetime.fromtimestamp(record.created, self._time_zone)
        return f"{time.isoformat(' ', 'seconds')} {line}"


class _JsonFormatter(_TextFormatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": self.redact(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = self.redact(self.formatException(record.exc_info))
        return json.dumps(entry)
