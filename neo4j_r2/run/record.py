"""Records in the state file how a run begins and ends, and that the run before it was killed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import (
    EXIT_KILLED,
    KILLED,
    BackupError,
    LockedError,
    NoSpaceError,
)
from neo4j_r2.run.ending import ending, is_by_hand, killed_line, with_failure, with_kind
from neo4j_r2.run.lock import is_under_way
from neo4j_r2.run.memory_limit import kill_reason, read_memory_limit
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.report import DatabaseReport, RunReport
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import Attempt, BackupState, RunState, State, StateFile

log = logging.getLogger(__name__)

KEPT_ATTEMPTS: Final = 30
"""How many attempts are kept for each database: a month with one each night."""


class RunRecord:
    """Records one run. If the file cannot be written, the run logs a warning and goes on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = StateFile(directory)
        self._run = RunState(now(), ProcessId.own())
        self._previous_failed = False
        self._previous_killed: datetime | None = None
        self._kill_reason = ""
        self._has_begun = False
        self._told_problem = ""
        self._before: State | None = None
        """What was recorded before this run began."""
        self._selected: Sequence[str] = ()
        self._reports: list[DatabaseReport] = []

    def begin(self, started: datetime) -> None:
        """Record that the run is under way; if the run is killed, only this record shows it."""
        memory = read_memory_limit()
        kills = memory.kills if memory else None
        self._run = replace(self._run, started=started, memory_kills=kills)
        self._has_begun = True
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
        error = None
        record = AttemptRecord(
            started, lambda: self._expect(database), lambda backup: self._made(database, backup)
        )
        self._run = replace(self._run, database=database)
        self._write(replace(self._state(), last_run=self._run))
        try:
            yield record
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._end_attempt(database, record, error)

    def end(self, error: BaseException | None) -> bool:
        """Record how the run ended, and return whether it was recorded.

        A run that fails before it begins is not recorded while another one is under way: it would
        replace that one's record. Somebody started it by hand, and sees the error. Nor is a run
        recorded that somebody ended with Ctrl-C.
        """
        if is_by_hand(error):
            self._withdraw()
            return False
        state = self._state() if self._has_begun else self._state_after_previous_run()
        if not self._has_begun and self._is_under_way(state.last_run):
            return False
        exit_code, line = ending(error)
        self._run = replace(self._run, finished=now(), exit_code=exit_code, error=line)
        if exit_code == 0:
            problems = StartProblemFile(self._directory).remove()
            self._previous_failed |= any(each.is_told for each in problems)
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
            has_failed_before=self._previous_failed,
            databases=tuple(self._reports),
            unreached=tuple(name for name in self._selected if name not in reached),
            killed_before=self._previous_killed,
            kill_reason=self._kill_reason,
        )

    def _state_after_previous_run(self) -> State:
        """Find out how the run before this one ended.

        :return: the state; if that run was killed, it is counted, which it could not do itself.
        """
        state = self._state()
        last = state.last_run
        if last is None or self._is_under_way(last):
            return state
        self._previous_failed = last.exit_code != 0
        if last.finished is not None:
            return state
        self._previous_killed = last.started
        self._kill_reason = kill_reason(last.memory_kills, read_memory_limit())
        counted = replace(state, failures=with_kind(state.failures, KILLED))
        return _with_killed_attempt(counted, last, self._kill_reason)

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
        self,
        database: str,
        record: AttemptRecord,
        error: BaseException | None,
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
            attempts=(*before.attempts, attempt)[-KEPT_ATTEMPTS:],
            failures=with_failure(before.failures, exit_code),
            stored=record.stored or before.stored,
            pause=before.pause if record.pause is None else record.pause,
        )
        self._reports.append(
            DatabaseReport(
                database,
                attempt,
                record.backup,
                after.pause or "",
                was_paused=bool(before.pause),
            )
        )
        self._write(state.with_database(database, after))

    def _is_under_way(self, run: RunState | None) -> bool:
        if run is None or run.finished is not None:
            return False
        return is_under_way(run.process, self._directory)

    def _withdraw(self) -> None:
        """Take back the record of this run's begin. The backups that it made stay recorded."""
        if self._before is not None:
            before = self._before
            state = replace(self._state(), last_run=before.last_run, failures=before.failures)
            self._write(state)

    def _state(self) -> State:
        return self._file.read() or State(since=self._run.started)

    def _write(self, state: State) -> None:
        try:
            self._file.write(state)
        except BackupError as error:
            if self._told_problem != str(error):  # each step of the run would tell it again
                log.warning("This run is not recorded: %s", error)
            self._told_problem = str(error)


class AttemptRecord:
    """What becomes known about one database while it is backed up."""

    def __init__(
        self,
        started: datetime,
        on_found: Callable[[], None],
        on_backup: Callable[[BackupState], None],
    ) -> None:
        self.started = started
        """When the attempt began; once there is a backup, its time, by which people find it."""
        self._on_found = on_found
        self._on_backup = on_backup
        self.backup: BackupState | None = None
        """The backup that was made."""
        self.pause: str | None = None
        """Why no backup is removed; empty without a pause; None as long as that is not known."""
        self.stored: Usage | None = None

    def found(self) -> None:
        """Record that the database exists: from now on backups of it are expected."""
        self._on_found()

    def made(self, manifest: StoredManifest) -> None:
        """Record the backup at once: it stays good even if a later step fails."""
        self.backup = backup_state(manifest)
        self.started = self.backup.started
        self._on_backup(self.backup)


@contextmanager
def recorded(
    directory: Path, on_end: Callable[[RunReport], None] = lambda _: None
) -> Iterator[RunRecord]:
    """Record how the run in the context ends; a run that the lock refuses is not recorded.

    :param on_end: is called with the report of the run.
    """
    record = RunRecord(directory)
    try:
        yield record
    except LockedError:
        raise
    except BaseException as error:
        if record.end(error):
            on_end(record.report())
        raise
    if record.end(None):
        on_end(record.report())


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
    if last is None or last.finished is not None or is_under_way(last.process, directory):
        return state
    return _with_killed_attempt(state, last, kill_reason(last.memory_kills, read_memory_limit()))


def _with_killed_attempt(state: State, run: RunState, reason: str) -> State:
    """Return the state with the attempt that a killed run could not record; its end is unknown.

    It may be there already: a run recorded it that somebody then ended with Ctrl-C, so that the
    killed run is the last one again.
    """
    known = state.of(run.database)
    is_there = any(
        (each.started, each.exit_code) == (run.started, EXIT_KILLED) for each in known.attempts
    )
    if not run.database or is_there:
        return state
    attempt = Attempt(run.started, run.started, EXIT_KILLED, killed_line(reason))
    attempts = (*known.attempts, attempt)[-KEPT_ATTEMPTS:]
    return state.with_database(run.database, replace(known, attempts=attempts))


def backup_state(manifest: StoredManifest) -> BackupState:
    """Return the record of a complete backup for the state file."""
    return BackupState(
        started=datetime.fromisoformat(manifest.started),
        finished=datetime.fromisoformat(manifest.finished),
        archive_key=manifest.archive_key,
        archive_size=manifest.archive_size,
        nodes=manifest.export.nodes,
        relationships=manifest.export.relationships,
        database_id=manifest.database_id,
    )
