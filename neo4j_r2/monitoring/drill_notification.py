"""Whether a notification of a drill is due, and what it says: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from neo4j_r2.config.notify_settings import ALWAYS, RECOVERY
from neo4j_r2.core.figures import duration
from neo4j_r2.monitoring.drill_rules import OverdueDrill
from neo4j_r2.monitoring.notification import FAILURE, SUCCESS, Notification
from neo4j_r2.monitoring.notification_text import (
    closing,
    error_line,
    line,
    opening,
    sections,
    titled,
    utc,
)
from neo4j_r2.run.drill_report import DrilledReport, DrillReport
from neo4j_r2.run.drill_state import ProofState


def is_drill_due(report: DrillReport, when: str) -> bool:
    """Whether to notify: always of a failure; of a success as it is configured.

    A run that found no backup to drill has proved nothing, so nobody is told.

    :param when: FAILURE, RECOVERY or ALWAYS of `notify_settings`.
    """
    if report.exit_code or report.killed_before:
        return True
    is_wanted = when == ALWAYS or (when == RECOVERY and report.has_failed_before)
    return is_wanted and bool(report.databases)


def notification_of_drill(report: DrillReport, host: str) -> Notification:
    """Return the notification of a run of drills.

    :param host: the name of the machine that the run was on.
    """
    if report.exit_code:
        failed = [each.database for each in report.databases if each.drill.exit_code]
        return Notification(titled("Drill failed", failed), _body(report, host), FAILURE)
    outcome = "Drill succeeded again" if report.has_failed_before else "Drill succeeded"
    title = titled(outcome, [each.database for each in report.databases])
    return Notification(title, _body(report, host), SUCCESS)


def drills_overdue(overdue: Sequence[OverdueDrill], host: str, time: datetime) -> Notification:
    """Return the notification of drills that did not succeed in time.

    :param time: now.
    """
    paragraphs = sections([_overdue_section(each) for each in overdue])
    paragraphs.append(closing(host, "Time", time, is_good=False))
    title = titled("Drill overdue", [each.database for each in overdue])
    return Notification(title, "\n\n".join(paragraphs), FAILURE)


def reason_of_drill(report: DrillReport) -> str:
    """Return why a run of drills failed, in one line."""
    return line(f"Error of a drill (exit {report.exit_code}): {report.error}")


def _body(report: DrillReport, host: str) -> str:
    paragraphs = [
        *opening("drill", report, [each.drill.error for each in report.databases]),
        *sections([_section(each) for each in report.databases]),
        closing(host, "Finished", report.finished, is_good=not report.exit_code),
    ]
    return "\n\n".join(paragraphs)


def _section(report: DrilledReport) -> Iterator[str]:
    drill, proof = report.drill, report.last_proof
    yield line(f"Database: {report.database}")
    if drill.exit_code:
        yield error_line(drill.exit_code, drill.error)
    if drill.archive_key:
        yield line(f"Key: {drill.archive_key}")
    if drill.exit_code:
        yield _last_proved(proof)
    elif proof:
        yield f"Time to restore: {duration(timedelta(seconds=proof.restore_seconds))}"
    if drill.questions_asked:
        yield f"Questions: {drill.questions_asked:,}, {len(drill.questions_failed):,} failed"
    yield f"Duration: {duration(drill.finished - drill.started)}"


def _overdue_section(overdue: OverdueDrill) -> Iterator[str]:
    yield line(f"Database: {overdue.database}")
    yield f"No drill has succeeded since {utc(overdue.due)}, when one was due"
    yield _last_proved(overdue.last_proof)


def _last_proved(proof: ProofState | None) -> str:
    if proof is None:
        return "Last proved: never"
    stem = proof.archive_key.rpartition("/")[2].rpartition(".cypher")[0]
    return line(f"Last proved: {utc(proof.finished)} ({stem})")
