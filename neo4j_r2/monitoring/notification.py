"""Whether a notification of a run is due, and what it says: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from neo4j_r2.config.notify_settings import ALWAYS, RECOVERY
from neo4j_r2.core.figures import counted, duration, megabytes
from neo4j_r2.run.report import DatabaseReport, RunReport
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import BackupState

SUCCESS: Final = "success"
WARNING: Final = "warning"
FAILURE: Final = "failure"
_TIME: Final = "%Y-%m-%d %H:%M:%S"
_LONGEST_LINE: Final = 500
_LONGEST_LIST: Final = 120
_SECTIONS: Final = 20
_WHERE_TO_LOOK: Final = "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md"


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
        title = _title("failed", [*failed, *report.unreached])
        return Notification(title, _body(report, host), FAILURE)
    if paused := _paused(report):
        names = [each.database for each in paused]
        title = _title("succeeded, but nothing is removed", names)
        return Notification(title, _body(report, host), WARNING)
    outcome = "succeeded again" if report.has_failed_before else "succeeded"
    title = _title(outcome, [each.database for each in report.databases])
    return Notification(title, _body(report, host), SUCCESS)


def reason_of(report: RunReport) -> str:
    """Return why a run failed: a line for the run, and one for each database that failed."""
    failed = [each for each in report.databases if each.attempt.exit_code]
    lines = [_error(report.exit_code, report.error)]
    if len(report.databases) > 1:
        lines += [_line(f"{each.database}: {each.attempt.error}") for each in failed[:_SECTIONS]]
    return "\n".join(lines)


def start_failed(problem: StartProblem, host: str) -> Notification:
    """Return the notification that the service cannot start, or not with all that it needs."""
    closing = [_WHERE_TO_LOOK, _line(f"Host: {host}"), f"Since: {problem.since:{_TIME}} UTC"]
    paragraphs = [_error(problem.exit_code, problem.error), "\n".join(closing)]
    return Notification("Backup service cannot work", "\n\n".join(paragraphs), FAILURE)


def start_succeeded(problems: Sequence[StartProblem], host: str, time: datetime) -> Notification:
    """Return the notification that the service works again, with each problem that was told."""
    lines = (
        "What kept the service from its work is over; the next backup shows the rest.",
        "",
        *(_line(f"Over (exit {each.exit_code}): {each.error}") for each in problems),
        "",
        _line(f"Host: {host}"),
        f"Time: {time:{_TIME}} UTC",
    )
    return Notification("Backup service works again", "\n".join(lines), SUCCESS)


def trial(host: str) -> Notification:
    """Return the test notification, which shows whether notifications arrive."""
    body = f"Notifications of the Neo4j backup on {_line(host)} arrive here."
    return Notification("Backup test: this is no backup", body, SUCCESS)


def _title(outcome: str, databases: Sequence[str]) -> str:
    names = ", ".join(databases)
    return f"Backup {outcome}: {_line(names, _LONGEST_LIST)}" if names else f"Backup {outcome}"


def _body(report: RunReport, host: str) -> str:
    paragraphs = []
    if report.killed_before:
        reason = f": {report.kill_reason}" if report.kill_reason else ""
        killed = f"The run that began at {report.killed_before:{_TIME}} UTC was killed{reason}"
        paragraphs.append(_line(killed))
    if report.exit_code and (len(report.databases) != 1 or _has_own_error(report)):
        paragraphs.append(_error(report.exit_code, report.error))
    paragraphs += ["\n".join(_section(each)) for each in report.databases[:_SECTIONS]]
    if (more := len(report.databases) - _SECTIONS) > 0:
        paragraphs.append(f"and {counted(more, 'more database')}")
    if report.unreached:
        paragraphs.append(_line(f"Not backed up: {', '.join(report.unreached)}"))
    paragraphs.append("\n".join(_closing(report, host)))
    return "\n\n".join(paragraphs)


def _has_own_error(report: RunReport) -> bool:
    """Whether the run's error is none of its databases' errors."""
    return all(each.attempt.error != report.error for each in report.databases)


def _section(report: DatabaseReport) -> Iterator[str]:
    attempt = report.attempt
    yield _line(f"Database: {report.database}")
    if attempt.exit_code:
        yield _error(attempt.exit_code, attempt.error)
    if report.backup:
        yield from _backup(report.backup)
    yield f"Duration: {duration(attempt.finished - attempt.started)}"
    if report.pause:
        yield _line(f"Pause: {report.pause}")
    elif _pause_is_over(report):
        yield "Pause: over, old backups are removed again"


def _backup(backup: BackupState) -> Iterator[str]:
    yield _line(f"Key: {backup.archive_key}")
    yield f"Size: {megabytes(backup.archive_size)}"
    yield f"Nodes: {backup.nodes:,}"
    yield f"Relationships: {backup.relationships:,}"


def _closing(report: RunReport, host: str) -> Iterator[str]:
    if report.exit_code or _paused(report):
        yield _WHERE_TO_LOOK
    yield _line(f"Host: {host}")
    yield f"Finished: {report.finished:{_TIME}} UTC"


def _error(exit_code: int, error: str) -> str:
    return _line(f"Error (exit {exit_code}): {error}")


def _paused(report: RunReport) -> list[DatabaseReport]:
    return [each for each in report.databases if each.pause]


def _pause_is_over(report: DatabaseReport) -> bool:
    """Whether a pause has just ended."""
    return report.was_paused and not report.pause


def _line(text: str, longest: int = _LONGEST_LINE) -> str:
    """Return a text as one printable line, cut off if it is too long."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
