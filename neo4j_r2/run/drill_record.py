"""Records how a drill begins and ends, and that the one before it was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from neo4j_r2.core.clock import now
from neo4j_r2.run.database_drill import DatabaseDrill
from neo4j_r2.run.drill_report import DrilledReport, DrillReport
from neo4j_r2.run.drill_state import Claim, Drill, DrillFile, DrillRun, DrillState, ProofState
from neo4j_r2.run.ending import (
    KEPT,
    PreviousRun,
    end_recorded,
    ending,
    is_by_hand,
    killed_part,
    with_failure,
)
from neo4j_r2.run.lock import drill_lock
from neo4j_r2.run.memory_limit import known_kills
from neo4j_r2.run.processes import ProcessId


class DrillRecord:
    """Records one run of drills. If the file cannot be written, it logs a warning and goes on.

    Who has it holds the drill lock. So nobody else replaces the file, and what was read once stays
    right.

    A drill of a backup that somebody named counts for nothing afterwards: it can be an old one, and
    says nothing of the latest. It is recorded only while it is under way.
    """

    def __init__(self, directory: Path, *, counts: bool = True) -> None:
        """:param counts: whether the drill is of the latest backups."""
        self._counts = counts
        self._file = DrillFile(directory)
        self._run = DrillRun(now(), ProcessId.own())
        self._state = self._file.read() or DrillState(since=self._run.started)
        self._before: DrillState | None = None
        """What was recorded before this run began; None if it has not begun."""
        self._previous = PreviousRun()
        self._reports: list[DrilledReport] = []

    @property
    def token(self) -> str:
        """Tells this host's scratch mark from others'."""
        return self._state.token

    @property
    def claim(self) -> Claim | None:
        """The scratch database that was marked last."""
        return self._state.claim

    def set_claim(self, claim: Claim | None) -> None:
        """Record which scratch database is about to be marked; None if none is marked any more."""
        self._write(replace(self._state, claim=claim))

    def begin(self, started: datetime) -> None:
        """Record that the run is under way; if the run is killed, only this record shows it."""
        self._run = replace(self._run, started=started, memory_kills=known_kills())
        self._before = self._state
        state = self._state_after_previous_run() if self._counts else self._state
        self._write(replace(state, run=self._run))

    @contextmanager
    def drill(self, database: str) -> Iterator[DatabaseDrill]:
        """Record how the drill in the context ends: well, with an error or by a signal.

        The first one begins with the run.
        """
        started = now() if self._run.database else self._run.started
        self._set_phase("", database)
        drill = DatabaseDrill(
            started,
            lambda phase: self._set_phase(phase, database),
            lambda proof: self._proved(proof, database),
        )
        with end_recorded(lambda error: self._end_drill(database, drill, error)):
            yield drill

    def end(self, error: BaseException | None) -> bool:
        """Record how the run ended, if it counts, and return whether there is a report of it.

        A run is not recorded, and has no report, that somebody ended with Ctrl-C.
        """
        if is_by_hand(error):
            self._withdraw()
            return False
        exit_code, line = ending(error)
        self._run = replace(self._run, finished=now(), exit_code=exit_code, error=line, phase="")
        if not self._counts:
            self._withdraw()
            return True
        state = self._state if self._before else self._state_after_previous_run()
        failures = with_failure(state.failures, exit_code)
        self._write(replace(state, run=self._run, failures=failures))
        return True

    def report(self) -> DrillReport:
        """Return the report of the run, which must have ended."""
        run = self._run
        if run.finished is None or run.exit_code is None:
            raise AssertionError("the run has not ended")
        return DrillReport(
            started=run.started,
            finished=run.finished,
            exit_code=run.exit_code,
            error=run.error,
            has_failed_before=self._previous.has_failed,
            databases=tuple(self._reports),
            killed_before=self._previous.killed,
            kill_reason=self._previous.kill_reason,
        )

    def _state_after_previous_run(self) -> DrillState:
        """Find out how the run before this one ended.

        :return: the state; if that run was killed, it is counted, which it could not do itself. It
            is not under way any more: it would hold the drill lock.
        """
        state, last = self._state, self._state.run
        if last is None:
            return state
        self._previous = PreviousRun.of(last)
        if not self._previous.killed:
            return state
        counted = replace(state, failures=with_failure(state.failures, exit_code=None))
        return _with_killed_drill(counted, last, self._previous.kill_reason)

    def _set_phase(self, phase: str, database: str) -> None:
        self._run = replace(self._run, database=database, phase=phase)
        self._write(replace(self._state, run=self._run))

    def _proved(self, proof: ProofState, database: str) -> None:
        if not self._counts:
            return
        known = replace(self._state.of(database), last_proof=proof)
        self._write(self._state.with_database(database, known))

    def _end_drill(self, database: str, drill: DatabaseDrill, error: BaseException | None) -> None:
        if is_by_hand(error):
            return
        known = self._state.of(database)
        if error is None and not drill.has_backup:
            self._write(self._state.with_database(database, replace(known, since=now())))
            return
        exit_code, line = ending(error)
        ended = Drill(
            started=drill.started,
            finished=max(drill.started, now()),
            exit_code=exit_code,
            error=line,
            archive_key=drill.archive_key,
            seconds=drill.phases.seconds,
            questions_asked=drill.questions_asked,
            questions_failed=drill.questions_failed,
        )
        drills, failures = (*known.drills, ended)[-KEPT:], with_failure(known.failures, exit_code)
        known = replace(known, drills=drills, failures=failures)
        self._reports.append(DrilledReport(database, ended, drill.proof or known.last_proof))
        if self._counts:
            self._write(self._state.with_database(database, known))

    def _withdraw(self) -> None:
        """Take back the record of this run's begin. What it knows of databases stays recorded."""
        if before := self._before:
            self._write(replace(self._state, run=before.run, failures=before.failures))

    def _write(self, state: DrillState) -> None:
        self._state = state
        self._file.write_or_warn(state, "This drill")


@contextmanager
def recorded_drill(
    directory: Path,
    on_end: Callable[[DrillReport], None] = lambda _: None,
    *,
    counts: bool = True,
) -> Iterator[DrillRecord]:
    """Hold the drill lock, and record how the run in the context ends.

    :param counts: whether the drill is of the latest backups; see `DrillRecord`.
    :param on_end: is called with the report of the run.
    :raises LockedError: if another drill is under way. Nothing is recorded then.
    """
    with drill_lock(directory):
        record = DrillRecord(directory, counts=counts)

        def end(error: BaseException | None) -> None:
            if record.end(error):
                on_end(record.report())

        with end_recorded(end):
            yield record


def _with_killed_drill(state: DrillState, run: DrillRun, reason: str) -> DrillState:
    """Return the state with what a killed run could not record of its database."""
    known = state.of(run.database)
    drill = killed_part(Drill, known.drills, run, reason)
    if drill is None:
        return state
    drills, failures = (*known.drills, drill)[-KEPT:], with_failure(known.failures, exit_code=None)
    return state.with_database(run.database, replace(known, drills=drills, failures=failures))
