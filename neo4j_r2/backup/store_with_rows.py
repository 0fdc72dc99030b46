"""Stores a backup as an increment where it can, and records its rows for the next one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from neo4j_r2 import __version__
from neo4j_r2.archive.manifest import INCREMENTAL, Manifest, own_need
from neo4j_r2.archive.row_hashes import HASHES_FORMAT
from neo4j_r2.backup.base import Base, ChainPlace, Run, Server, reason_for_full
from neo4j_r2.backup.changes import CONSEQUENCE, Changes
from neo4j_r2.backup.exporter import NeedMissingError
from neo4j_r2.backup.idle_export import IdleExport, is_idle
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.row_state import (
    RowState,
    RowStateError,
    RowStateWriter,
    forget_rows,
    row_state_path,
)
from neo4j_r2.backup.store import Destination, store
from neo4j_r2.backup.walk_export import Walk
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import CorruptError, Side
from neo4j_r2.graph.estimate import estimate
from neo4j_r2.graph.reader import Graph

log = logging.getLogger(__name__)

_COMMUNITY: Final = "community"


@dataclass(frozen=True)
class Chains:
    """How a run makes incremental backups."""

    directory: Path
    """Where the row states are."""
    full_every: timedelta
    """A full backup that is as old ends its chain."""
    wants_full: bool = False
    """Whether somebody has asked for a full backup."""
    on_full: Callable[[str], None] = lambda _: None
    """Is called with the reason for a full backup."""


@dataclass(frozen=True)
class _Job:
    """A backup that is to be made."""

    graph: Graph
    origin: Origin
    destination: Destination
    path: Path
    """Of the row state."""
    place: ChainPlace
    server: Server


@dataclass(frozen=True)
class _Before:
    """The backup before, and its rows."""

    state: RowState
    base: Base


def store_with_rows(
    graph: Graph, origin: Origin, destination: Destination, chains: Chains
) -> Manifest:
    """Store a backup: without a walk if nothing was committed, as an increment, or as a full one.

    If an increment cannot be made, or does not read back, a full backup takes its place at once.

    :raises CorruptError, BackupError: as `store` of a full one.
    """
    database = origin.database
    job = _Job(
        graph,
        origin,
        destination,
        row_state_path(chains.directory, database.name),
        _place(origin, destination),
        _server(graph, database),
    )
    try:
        before = _before(job, chains)
        if is_idle(graph, before.base, job.server):
            return _store_idle(job, before.base)
        return _walk(job, before)
    except (NeedMissingError, RowStateError, CorruptError) as error:
        if isinstance(error, CorruptError):
            # What it needs may be damaged. If the full one fails, the next one must not need it.
            forget_rows(chains.directory, database.name)
        log.info("Making a full backup: %s", error)
        chains.on_full(str(error))
    return _walk(job, None)


def _server(graph: Graph, database: Database) -> Server:
    """Return the server as it is compared with that of the base.

    When Enterprise's process started says too little: an older store can take a database's place
    while the process runs. So no database of it counts as idle.
    """
    is_enough = database.edition == _COMMUNITY
    started = graph.connection.started() if is_enough else 0
    return Server(database.server_version, started, __version__)


def _place(origin: Origin, destination: Destination) -> ChainPlace:
    settings = destination.settings
    return ChainPlace(
        origin.database.name,
        origin.database.id,
        settings.endpoint_url,
        destination.bucket.name,
        settings.prefix,
        sorted(settings.recipients),
    )


def _before(job: _Job, chains: Chains) -> _Before:
    """Return the backup that this one can be compared with.

    :raises RowStateError: saying why there is none.
    """
    if chains.wants_full:
        raise RowStateError("--full asks for one")
    state = RowState(job.path)
    try:
        base = Base.from_json(state.description)
    except (ValueError, TypeError, KeyError) as error:
        raise RowStateError("the record of the last backup's rows has another form") from error
    with job.destination.watch.waiting_for(Side.R2):
        objects = job.destination.bucket.objects(f"{job.place.prefix}/{job.place.database}_")
        archives = {each.key: each.size for each in objects}
    run = Run(job.place, job.origin.started, chains.full_every)
    if reason := reason_for_full(base, run, archives):
        raise RowStateError(reason)
    return _Before(state, base)


def _store_idle(job: _Job, base: Base) -> Manifest:
    log.info("Nothing was committed since the last backup: no export is needed")
    # There is nothing new to be read back.
    settings = replace(job.destination.settings, verify_after=False)
    export = IdleExport(base, job.origin.database, job.origin.started)
    return store(export, job.origin, replace(job.destination, settings=settings), 0)


def _walk(job: _Job, before: _Before | None) -> Manifest:
    """Store what has changed since the backup before, or all; then replace the row state."""
    progress = job.destination.progress
    size = estimate(job.graph)
    job.graph.read_sizes.expect(size.weight, sum(job.graph.catalogue.counts()))
    with ExitStack() as stack:
        writer = _row_state_writer(job.path)
        if writer:
            stack.callback(writer.drop)
        base = before.base if before else None
        changes = Changes(
            writer,
            before.state if before else None,
            base.needs if base else [],
            base.late if base else (),
        )
        if base:
            log.info("Using manual export, compared with %s", base.needs[-1].key)
        else:
            log.info("Using manual export")
        walk = Walk(job.graph, job.origin.database, job.origin.started, progress.add, changes)
        manifest = store(walk, job.origin, job.destination, size.text)
        _keep(job, walk, changes, manifest)
    return manifest


def _row_state_writer(path: Path) -> RowStateWriter | None:
    try:
        return RowStateWriter(path)
    except OSError as error:
        _warn(error)
        return None


def _keep(job: _Job, walk: Walk, changes: Changes, manifest: Manifest) -> None:
    """Put the rows of a stored backup in the place of those of the backup before."""
    if changes.writer is None:
        return
    needs = [*manifest.needs]
    if walk.has_rows or manifest.kind != INCREMENTAL:
        needs.append(own_need(manifest))
    base = Base(
        format=HASHES_FORMAT,
        key=changes.key,
        place=job.place,
        needs=needs,
        late=sorted(changes.late),
        server=job.server,
        bookmark=sorted(walk.bookmark or ()),
        export=manifest.export,
        row_sums=manifest.row_sums,
        restore_key=asdict(walk.restore_key),
        names=walk.names,
        schema=walk.schema,
    )
    try:
        changes.writer.keep(base.to_json(), replaces=not changes.is_full)
    except OSError as error:
        _warn(error)


def _warn(error: OSError) -> None:
    log.warning("The rows cannot be recorded (%s)%s", error.strerror, CONSEQUENCE)
