"""Records in the state file how a run begins and ends, and that the run before it was killed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from neo4j_r2.bucket.usage import Usage
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import LockedError, NoSpaceError
from neo4j_r2.run.attempt_record import AttemptRecord
from neo4j_r2.run.ending import (
    KEPT,
    PreviousRun,
    end_recorded,
    ending,
    is_by_hand,
    killed_part,
    with_failure,
)
from neo4j_r2.run.lock import is_under_way
from neo4j_r2.run.memory_limit import known_kills
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.report import DatabaseReport, RunReport
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import Attempt, BackupState, RunState, State, StateFile

log = logging.getLogger(__name__)


class RunRecord:
    """Records one run. If the file cannot be written, the run logs a warning and goes on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = StateFile(directory)
        self._run = RunState(now(), ProcessId.own())
        self._previous = PreviousRun()
        self._before: State | None = None
        """What was recorded before this run began; None if it has not begun."""
        self._selected: Sequence[str] = ()
        self._reports: list[DatabaseReport] = []

    def begin(self, started: datetime) -> None:
        """Record that the run is under way; if the run is killed, only this record shows it."""
        self._run = replace(self._run, started=started, memory_kills=known_kills())
        self._before = self._state()
        self._write(replace(self._state_after_previous_run(), last_run=self._run))

    @property
    def expected(self) -> Sequence[str]:
        """The databases that were to be backed up before this run."""
        return self._state().expected

    def select(self, databases: Sequence[str]) -> None:
        """Keep for the report which databases this run is to back up.

        They are not expected yet: one of them may never have existed, if its name is mistyped.
        """
        self._selected = databases

    @contextmanager
    def attempt(self, database: str) -> Iterator[AttemptRecord]:
        """Record how the attempt in the context ends: well, with an error or by a signal.

        The first one begins with the run, so that people see one time of the run and its backup.
        """
        started = now() if self._run.database else self._run.started
        record = AttemptRecord(
            started, lambda: self._expect(database), lambda backup: self._made(database, backup)
        )
        self._run = replace(self._run, database=database)
        self._write(replace(self._state(), last_run=self._run))
        with end_recorded(lambda error: self._end_attempt(database, record, error)):
            yield record

    def end(self, error: BaseException | None) -> bool:
        """Record how the run ended, and return whether it was recorded.

        A run that fails before it begins is not recorded while another one is under way: it would
        replace that one's record. Somebody started it by hand, and sees the error. Nor is a run
        recorded that somebody ended with Ctrl-C.
        """
        if is_by_hand(error):
            self._withdraw()
            return False
        state = self._state() if self._before else self._state_after_previous_run()
        if not self._before and _is_under_way(state.last_run, self._directory):
            return False
        exit_code, line = ending(error)
        self._run = replace(self._run, finished=now(), exit_code=exit_code, error=line)
        if exit_code == 0:
            problems = StartProblemFile(self._directory).remove()
            if any(each.is_told for each in problems):
                self._previous = replace(self._previous, has_failed=True)
        failures = with_failure(state.failures, exit_code)
        self._write(replace(state, last_run=self._run, failures=failures))
        return True

    def report(self) -> RunReport:
        """Return the report of the run, which must have ended."""
        run = self._run
        if run.finished is None or run.exit_code is None:
            raise AssertionError("the run has not ended")
        reached = {each.database for each in self._reports}
        return RunReport(
            started=run.started,
            finished=run.finished,
            exit_code=run.exit_code,
            error=run.error,
            has_failed_before=self._previous.has_failed,
            databases=tuple(self._reports),
            unreached=tuple(name for name in self._selected if name not in reached),
            killed_before=self._previous.killed,
            kill_reason=self._previous.kill_reason,
        )

    def _state_after_previous_run(self) -> State:
        """Find out how the run before this one ended.

        :return: the state; if that run was killed, it is counted, which it could not do itself.
        """
        state = self._state()
        last = state.last_run
        if last is None or _is_under_way(last, self._directory):
            return state
        self._previous = PreviousRun.of(last)
        if not self._previous.killed:
            return state
        counted = replace(state, failures=with_failure(state.failures, exit_code=None))
        return _with_killed_attempt(counted, last, self._previous.kill_reason)

    def _expect(self, database: str) -> None:
        """Record that backups of a database are expected from now on, if they were not before.

        The databases of earlier runs stay expected. Only a start of the service removes them.
        """
        state = self._state()
        expecting = state.expecting_also([database], self._run.started)
        if expecting != state:  # a write waits for the disk
            self._write(expecting)

    def _made(self, database: str, backup: BackupState) -> None:
        state = self._state()
        known = replace(state.of(database), last_backup=backup)
        self._write(state.with_database(database, known))

    def _end_attempt(
        self, database: str, record: AttemptRecord, error: BaseException | None
    ) -> None:
        if is_by_hand(error):
            return
        exit_code, line = ending(error)
        size = record.backup.archive_size if record.backup else 0
        attempt = Attempt(record.started, max(record.started, now()), exit_code, line, size)
        state = self._state()
        before = state.of(database)
        after = replace(
            before,
            attempts=(*before.attempts, attempt)[-KEPT:],
            failures=with_failure(before.failures, exit_code),
            stored=record.stored or before.stored,
            pause=before.pause if record.pause is None else record.pause,
        )
        self._reports.append(
            DatabaseReport(
                database, attempt, record.backup, after.pause or "", bool(before.pause), record.kind
            )
        )
        self._write(state.with_database(database, after))

    def _withdraw(self) -> None:
        """Take back the record of this run's begin. The backups that it made stay recorded."""
        if before := self._before:
            self._write(replace(self._state(), last_run=before.last_run, failures=before.failures))

    def _state(self) -> State:
        return self._file.read() or State(since=self._run.started)

    def _write(self, state: State) -> None:
        self._file.write_or_warn(state, "This run")


@contextmanager
def recorded(
    directory: Path, on_end: Callable[[RunReport], None] = lambda _: None
) -> Iterator[RunRecord]:
    """Record how the run in the context ends; a run that the lock refuses is not recorded.

    :param on_end: is called with the report of the run.
    """
    record = RunRecord(directory)

    def end(error: BaseException | None) -> None:
        if not isinstance(error, LockedError) and record.end(error):
            on_end(record.report())

    with end_recorded(end):
        yield record


def record_prune(directory: Path, database: str, pause: str, stored: Usage) -> None:
    """Record what the command `prune` left of a database, if the state file knows the database.

    :param pause: why nothing was removed, whatever the retention rules say; empty without a pause.
    :raises ConfigurationError: if the state file cannot be written.
    """
    file = StateFile(directory)
    state = file.read()
    if state is not None and database in state.databases:
        known = replace(state.of(database), pause=pause, stored=stored)
        try:
            file.write(state.with_database(database, known))
        except NoSpaceError as error:
            log.warning("This prune is not recorded: %s", error)


def with_killed_run(state: State, directory: Path) -> State:
    """Return the state with the attempt of the last run, if that was killed.

    The run could not record it itself. The next one will.

    :param directory: the state directory.
    """
    last = state.last_run
    if last is None or _is_under_way(last, directory):
        return state
    previous = PreviousRun.of(last)
    return _with_killed_attempt(state, last, previous.kill_reason) if previous.killed else state


def _is_under_way(run: RunState | None, directory: Path) -> bool:
    return run is not None and run.finished is None and is_under_way(run.process, directory)


def _with_killed_attempt(state: State, run: RunState, reason: str) -> State:
    """Return the state with what a killed run could not record of its database."""
    known = state.of(run.database)
    attempt = killed_part(Attempt, known.attempts, run, reason)
    if attempt is None:
        return state
    attempts = (*known.attempts, attempt)[-KEPT:]
    return state.with_database(run.database, replace(known, attempts=attempts))
