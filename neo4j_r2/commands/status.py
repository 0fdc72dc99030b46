"""Shows the schedule, the last runs, drills and proofs, the storage; asks R2, but not Neo4j."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import taken_up_to
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.newest_backup import find_newest, is_of
from neo4j_r2.bucket.proofs import read_newest_proof
from neo4j_r2.bucket.read_usage import usage_by_database
from neo4j_r2.bucket.safety_backups import safety_backups, safety_text
from neo4j_r2.bucket.whereabouts import whereabouts
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import StatusOptions
from neo4j_r2.commands.record_look import record_look
from neo4j_r2.commands.select_databases import databases_in
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import BackupError, Side
from neo4j_r2.core.tables import show
from neo4j_r2.monitoring.drill_text import last_drill_text, last_proof_text
from neo4j_r2.monitoring.status_document import Known, Stored, document
from neo4j_r2.monitoring.status_text import (
    database_lines,
    fault_lines,
    schedule_lines,
    start_lines,
    storage_lines,
)
from neo4j_r2.run.drill_state import DrillFile, ProofState
from neo4j_r2.run.processes import is_in_service_container
from neo4j_r2.run.record import with_killed_run
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import State, StateFile


def run(invocation: Invocation[StatusOptions]) -> int:
    """Show what the state file tells and what the bucket holds, on standard output."""
    config = configure(invocation, logs_in=False)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `status | head` ends without a traceback
    directory = config.service.state_directory
    state = StateFile(directory).read()
    known = Known(
        settings=config.service,
        # The next run will record the attempt of a killed one. Here it is shown at once.
        state=with_killed_run(state, directory) if state else None,
        drills=DrillFile(directory).read(),
        start_problem=StartProblemFile(directory).latest(),
        now=datetime.now(UTC),
        is_scheduled=is_in_service_container(),
    )
    if invocation.options.json:
        write_document(config, known)
    else:
        show_all(config, known)
    return 0


def write_document(config: Config, known: Known) -> None:
    """Write one JSON document; if R2 fails, with what this host knows alone.

    :raises BackupError: after that, if the bucket could not be read.
    """
    try:
        stored = look(config, known)
    except BackupError:
        sys.stdout.write(document(known, None))
        raise
    sys.stdout.write(document(known, stored))


def show_all(config: Config, known: Known) -> None:
    """Show what this host knows at once, and what the bucket holds as soon as it has answered.

    Another host may have proved a backup. So where proofs are told of, the databases wait for the
    bucket's answer too.

    :raises BackupError: if the bucket cannot be read.
    """
    waits = bool(known.with_proofs)
    show(*known_sections(known), *([] if waits else database_sections(known, None)))
    sys.stdout.write("\n")
    try:
        stored = look(config, known)
    except BackupError:
        show(*(database_sections(known, None) if waits else []))
        raise
    rest = stored_sections(config, stored)
    show(*(database_sections(known, stored) if waits else []), *rest)


def known_sections(known: Known) -> list[RenderableType]:
    """Return the schedules, the last run, and why the service cannot work."""
    service, state = known.settings, known.state
    sections: list[RenderableType] = [
        schedule_lines(service, state, known.now, is_scheduled=known.is_scheduled)
    ]
    if problem := known.start_problem:
        sections.append(start_lines(problem, service.time_zone))
    return sections


def database_sections(known: Known, stored: Stored | None) -> list[RenderableType]:
    """Return the last attempts and drills of each database.

    :param stored: None if the bucket was not read.
    """
    state = known.state or State(known.now)
    zone = known.settings.time_zone
    return [
        database_lines(name, state.of(name), zone, drill_lines(known, stored, name))
        for name in known.databases
    ]


def drill_lines(known: Known, stored: Stored | None, database: str) -> list[str]:
    """Return when a database was last proved, and what is wrong with its last drill.

    :param stored: None if the bucket was not read. Then nobody knows that there is no proof.
    """
    lines = []
    proof = known.last_proof(database, stored)
    if proof or (stored and database in known.with_proofs):
        text = last_proof_text(proof, known.newest_key(database), known.settings, known.now)
        lines.append(f"Last proved: {text}")
    last = last_drill_text(known.drills, database, known.settings, known.now)
    return [*lines, f"Last drill: {last}"] if last else lines


def stored_sections(config: Config, stored: Stored) -> list[RenderableType]:
    """Return how much is stored, what it costs, and what is wrong with the newest backups."""
    place = f"s3://{stored.bucket}/{stored.prefix}/"
    safety = safety_text(stored.safety_backups, config.prune.rules, config.service.time_zone)
    notes = map(Text, filter(None, [safety, stored.whereabouts]))
    return [
        *([fault_lines(stored.problems)] if stored.problems else []),
        Group(storage_lines(place, stored.usages), *notes),
    ]


def look(config: Config, known: Known) -> Stored:
    """Look at the bucket.

    :raises BackupError: if the bucket cannot be read.
    """
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        # Somebody waits for the answer, so failures of R2 are retried only for a short time.
        bucket = Bucket(config.r2, min(QUICK_SECONDS, config.retry_seconds), watch.progress)
        bucket.preflight()
        prefix = config.r2.prefix
        usages = usage_by_database(bucket, prefix)
        backups = backups_in(bucket, prefix)
        return Stored(
            bucket=bucket.name,
            prefix=prefix,
            usages=usages,
            safety_backups=safety_backups(bucket, backups),
            problems=[
                line
                for name in databases_of(config, known, backups)
                for line in newest_problems(bucket, config, backups, name)
            ],
            whereabouts="" if usages else whereabouts(bucket, prefix),
            proofs=newer_proofs(bucket, backups, known),
        )


def newer_proofs(
    bucket: Bucket, backups: Sequence[StoredBackup], known: Known
) -> dict[str, ProofState]:
    """Return the newest proof of each database, if this host has not proved a backup as new.

    :param backups: all backups under the prefix, oldest first.
    :raises BackupError: if the bucket cannot be read.
    """
    found = {}
    for database in known.with_proofs:
        own = known.last_proof(database, None)
        newer = [
            backup
            for backup in taken_up_to(backups, database, None)
            if own is None or backup.name.taken > own.backup_started
        ]
        if proof := read_newest_proof(bucket, newer):
            found[database] = ProofState.of(proof)
    return found


def databases_of(config: Config, known: Known, backups: Sequence[StoredBackup]) -> Sequence[str]:
    """Return the databases whose newest backups are looked at.

    Where the service has not run yet, as on a new host, these are the configured ones.

    :param backups: all backups under the prefix.
    """
    if known.state and known.state.expected:
        return known.state.expected
    return databases_in(backups) if config.databases == ALL_DATABASES else config.databases


def newest_problems(
    bucket: Bucket, config: Config, backups: Sequence[StoredBackup], database: str
) -> Sequence[str]:
    """Return what is wrong with the newest backups of a database, and record it.

    :param backups: all backups under the prefix, oldest first.
    """
    own = taken_up_to(backups, database, None)
    return record_look(config, database, find_newest(bucket, own, is_of(database, None)))
