"""Whether a notification of a run is due, and what it says: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from neo4j_r2.config.notify_settings import ALWAYS, RECOVERY
from neo4j_r2.core.figures import counted, duration, megabytes
from neo4j_r2.monitoring.notification_text import (
    SECTIONS,
    closing,
    error_line,
    line,
    opening,
    sections,
    titled,
)
from neo4j_r2.run.report import BackupKind, DatabaseReport, RunReport
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import BackupState

SUCCESS: Final = "success"
WARNING: Final = "warning"
FAILURE: Final = "failure"


@dataclass(frozen=True)
class Notification:
    """A message in plain text; its only control characters are line ends."""

    title: str
    """One line."""
    body: str
    kind: str
    """SUCCESS, FAILURE, or WARNING for a run that succeeded but is paused: it removes nothing."""


def is_due(report: RunReport, when: str) -> bool:
    """Whether to notify: always of a failure or a pause; of a success as it is configured."""
    if report.exit_code or report.killed_before or _paused(report):
        return True
    has_recovered = report.has_failed_before or any(map(_pause_is_over, report.databases))
    return when == ALWAYS or (when == RECOVERY and has_recovered)


def notification_of(report: RunReport, host: str) -> Notification:
    """Return the notification of a run.

    :param host: the name of the machine that the run was on.
    """
    if report.exit_code:
        failed = [each.database for each in report.databases if each.attempt.exit_code]
        title = titled("Backup failed", [*failed, *report.unreached])
        return Notification(title, _body(report, host), FAILURE)
    if paused := _paused(report):
        names = [each.database for each in paused]
        title = titled("Backup succeeded, but nothing is removed", names)
        return Notification(title, _body(report, host), WARNING)
    outcome = "succeeded again" if report.has_failed_before else "succeeded"
    title = titled(f"Backup {outcome}", [each.database for each in report.databases])
    return Notification(title, _body(report, host), SUCCESS)


def reason_of(report: RunReport) -> str:
    """Return why a run failed: a line for the run, and one for each database that failed."""
    failed = [each for each in report.databases if each.attempt.exit_code]
    lines = [error_line(report.exit_code, report.error)]
    if len(report.databases) > 1:
        lines += [line(f"{each.database}: {each.attempt.error}") for each in failed[:SECTIONS]]
    return "\n".join(lines)


def start_failed(problem: StartProblem, host: str) -> Notification:
    """Return the notification that the service cannot start, or not with all that it needs."""
    end = closing(host, "Since", problem.since, is_good=False)
    body = f"{error_line(problem.exit_code, problem.error)}\n\n{end}"
    return Notification("Backup service cannot work", body, FAILURE)


def start_succeeded(problems: Sequence[StartProblem], host: str, time: datetime) -> Notification:
    """Return the notification that the service works again, with each problem that was told."""
    paragraphs = (
        "What kept the service from its work is over; the next backup shows the rest.",
        "\n".join(line(f"Over (exit {each.exit_code}): {each.error}") for each in problems),
        closing(host, "Time", time, is_good=True),
    )
    return Notification("Backup service works again", "\n\n".join(paragraphs), SUCCESS)


def trial(host: str) -> Notification:
    """Return the test notification, which shows whether notifications arrive."""
    body = f"Notifications of the Neo4j backup on {line(host)} arrive here."
    return Notification("Backup test: this is no backup", body, SUCCESS)


def _body(report: RunReport, host: str) -> str:
    is_good = not report.exit_code and not _paused(report)
    paragraphs = [
        *opening("run", report, [each.attempt.error for each in report.databases]),
        *sections([_section(each) for each in report.databases]),
        *([line(f"Not backed up: {', '.join(report.unreached)}")] if report.unreached else []),
        closing(host, "Finished", report.finished, is_good=is_good),
    ]
    return "\n\n".join(paragraphs)


def _section(report: DatabaseReport) -> Iterator[str]:
    attempt = report.attempt
    yield line(f"Database: {report.database}")
    if attempt.exit_code:
        yield error_line(attempt.exit_code, attempt.error)
    if report.backup:
        yield from _backup(report.backup, report.kind)
    yield f"Duration: {duration(attempt.finished - attempt.started)}"
    if report.pause:
        yield line(f"Pause: {report.pause}")
    elif _pause_is_over(report):
        yield "Pause: over, old backups are removed again"


def _backup(backup: BackupState, kind: BackupKind | None) -> Iterator[str]:
    yield line(f"Key: {backup.archive_key}")
    if kind and kind.needs:
        yield f"Kind: incremental, needs {counted(kind.needs, 'more archive')}"
    elif kind:
        yield line(f"Kind: full, because {kind.reason}" if kind.reason else "Kind: full")
    yield f"Size: {megabytes(backup.archive_size)}"
    yield f"Nodes: {backup.nodes:,}"
    yield f"Relationships: {backup.relationships:,}"


def _paused(report: RunReport) -> list[DatabaseReport]:
    return [each for each in report.databases if each.pause]


def _pause_is_over(report: DatabaseReport) -> bool:
    """Whether a pause has just ended."""
    return report.was_paused and not report.pause
