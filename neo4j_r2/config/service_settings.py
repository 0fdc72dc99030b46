"""The settings of the service itself: its schedule, its state directory, its log and its metrics.

None of them is a secret, and none needs Neo4j or R2. So the health probe can read them alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from neo4j_r2.config import parsers, schedule
from neo4j_r2.config.schedule import Schedule
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.log import LogStyle


@dataclass(frozen=True)
class ServiceSettings:
    """When backups are made, where the state is kept, and how the service reports."""

    schedule: Schedule
    time_zone: tzinfo
    """The time zone of the schedule; it prints as its IANA name."""
    run_immediate_backup: bool
    catches_up: bool
    """Whether a service that was stopped over a due time makes that backup when it starts."""
    wait_seconds: float
    """How long the service waits for Neo4j when it starts."""
    overdue_minutes: int
    """A backup that is missing this long after it was due is a failure."""
    drill_schedule: Schedule | None
    """When restore drills are made; None means never."""
    drill_overdue_minutes: int
    """A drill that is missing this long after it was due is a failure."""
    metrics_port: int | None
    """The port that serves the metrics; None means that they are not served."""
    metrics_address: str
    """The IP address to listen at; `::` means all addresses of both versions."""
    state_directory: Path
    log_level: str
    log_style: LogStyle

    @property
    def drill_due_times(self) -> str:
        """The schedule of drills with its time zone; empty without drills."""
        return f"{self.drill_schedule} {self.time_zone}" if self.drill_schedule else ""

    @property
    def due_times(self) -> str:
        """The schedule with its time zone: the text changes if the due times change."""
        return f"{self.schedule} {self.time_zone}"

    def due_after(self, time: datetime) -> datetime:
        """Return the first due time of a backup after a time, in the schedule's time zone."""
        return self.schedule.next_after(time.astimezone(self.time_zone))

    def drill_due_after(self, time: datetime) -> datetime | None:
        """Return the first due time of a drill after a time, likewise; None without a schedule."""
        schedule = self.drill_schedule
        return schedule.next_after(time.astimezone(self.time_zone)) if schedule else None


def read_service(variables: Variables) -> ServiceSettings:
    """Read the settings; problems are collected in `variables`."""
    levels = ("debug", "info", "warning", "error")
    zone = variables.read("TZ", parsers.time_zone, "UTC")
    return ServiceSettings(
        schedule=variables.read("BACKUP_SCHEDULE", schedule.parse, "0 2 * * *"),
        time_zone=zone,
        run_immediate_backup=variables.read("RUN_IMMEDIATE_BACKUP", parsers.boolean, "false"),
        catches_up=variables.read("BACKUP_CATCH_UP", parsers.boolean, "true"),
        wait_seconds=variables.read("NEO4J_WAIT_SECONDS", parsers.whole(1, 86_400), "300"),
        overdue_minutes=variables.read("BACKUP_OVERDUE_MINUTES", parsers.whole(1, 99_999), "60"),
        drill_schedule=variables.read("DRILL_SCHEDULE", _schedule_or_none, ""),
        drill_overdue_minutes=variables.read(
            "DRILL_OVERDUE_MINUTES", parsers.whole(1, 99_999), "180"
        ),
        metrics_port=variables.read("METRICS_PORT", parsers.port, ""),
        metrics_address=variables.read("METRICS_ADDRESS", parsers.ip_address, "127.0.0.1"),
        state_directory=_state_directory(variables),
        log_level=variables.read("LOG_LEVEL", parsers.choice(*levels), "info"),
        log_style=_log_style(variables, zone),
    )


def read_service_settings(
    environment: Mapping[str, str], dotenv: Mapping[str, str]
) -> ServiceSettings:
    """Read and check these settings alone.

    :raises ConfigurationError: naming every variable that is wrong, and what it accepts.
    """
    variables = Variables(environment, dotenv)
    settings = read_service(variables)
    variables.raise_problems()
    return settings


def requested_log_style(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> LogStyle:
    """Return how the log looks, whatever else is wrong: a configuration error is logged too."""
    variables = Variables(environment, dotenv)
    return _log_style(variables, variables.read("TZ", parsers.time_zone, "UTC"))


def requested_state_directory(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Path:
    """Return the state directory before anything else is checked: a failure is recorded there.

    :raises ConfigurationError: if the variable is wrong.
    """
    variables = Variables(environment, dotenv)
    directory = _state_directory(variables)
    variables.raise_problems()
    return directory


def _schedule_or_none(text: str) -> Schedule | None:
    return schedule.parse(text) if text else None


def _log_style(variables: Variables, zone: tzinfo) -> LogStyle:
    log_format = variables.read("LOG_FORMAT", parsers.choice("text", "json"), "text")
    has_times = variables.read("LOG_TIMESTAMPS", parsers.boolean, "false")
    return LogStyle(log_format, zone if has_times else None)


def _state_directory(variables: Variables) -> Path:
    """Return the configured directory; by default, the one of the XDG specification."""
    home = variables.get("HOME") or tempfile.gettempdir()
    default = variables.get("XDG_STATE_HOME") or f"{home}/.local/state"
    return variables.read("BACKUP_STATE_DIR", parsers.directory, f"{default}/neo4j-r2-backup")
