"""The options that a command was given: one frozen record for each command that has options.

Each field has the name of its option on the command line, so `--dry-run` is `dry_run`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Options:
    """The options of a command that has none; the other commands add theirs."""


@dataclass(frozen=True)
class BackupOptions(Options):
    """What `backup` is asked for."""

    database: str | None
    """The only database to back up; None means all that are configured."""
    full: bool
    """Whether it has to be a full backup."""


@dataclass(frozen=True)
class CheckOptions(Options):
    """What `check` is asked for."""

    at_start: bool
    """Whether the service starts. The jobs of crond are then printed, for the entrypoint's crontab,
    and a failure is told to people, once."""


@dataclass(frozen=True)
class DiffOptions(Options):
    """What `diff` is asked for."""

    first: str
    second: str
    """The keys of two archives; each may be `LATEST`."""
    database: str | None
    """The database whose latest backup is meant; None means that of the other key, or the one that
    is configured."""
    identity: str | None
    entities: bool
    """Whether every entity that differs is named."""
    json: bool


@dataclass(frozen=True)
class DrillOptions(Options):
    """What `drill` is asked for."""

    key: str | None
    """An archive's key, or `LATEST`; None means `LATEST` too."""
    database: str | None
    """The only database whose backup is drilled; None means all that are configured."""
    identity: str | None


@dataclass(frozen=True)
class FetchOptions(Options):
    """What `fetch` is asked for."""

    key: str | None
    """An archive's key, or `LATEST`; None means `LATEST` too."""
    database: str | None
    """The database whose backup is fetched; None means the one that is configured."""
    at: str | None
    """The latest backup that is not newer than this is fetched; a time as people write it."""
    identity: str | None
    output: str | None
    """The path of the file to make; None means the archive's own name in the working directory."""


@dataclass(frozen=True)
class HealthOptions(Options):
    """What `health` is asked for."""

    json: bool


@dataclass(frozen=True)
class ListOptions(Options):
    """What `list` is asked for."""

    database: str | None
    """The only database to list; None means all."""
    json: bool


@dataclass(frozen=True)
class ProofOptions(Options):
    """What `proof` is asked for."""

    key: str | None
    """The key of an archive or of its proof; None means the newest backup that has a proof."""
    database: str | None
    """The database whose newest proof is shown; None means the one that is configured."""
    identity: str | None
    json: bool


@dataclass(frozen=True)
class PruneOptions(Options):
    """What `prune` is asked for."""

    database: str | None
    """The only database to prune; None means all that are configured."""
    dry_run: bool
    accept_shrink: bool


@dataclass(frozen=True)
class RestoreOptions(Options):
    """What `restore` is asked for."""

    key: str | None
    """An archive's key, or `LATEST`; None means `LATEST` too."""
    database: str | None
    """The database whose backup is restored; None means the one that is configured."""
    at: str | None
    """The latest backup that is not newer than this is restored; a time as people write it."""
    from_file: str | None
    """The path of an archive to restore; None means an archive in the bucket."""
    identity: str | None
    to_uri: str | None
    """The Neo4j to restore into; None means the one that is backed up."""
    to_database: str | None
    """The database to restore into; None means the one that `database` names."""
    force: bool
    no_safety_backup: bool
    dry_run: bool
    skip_verify: bool
    allow_any_statement: bool


@dataclass(frozen=True)
class StatusOptions(Options):
    """What `status` is asked for."""

    json: bool


@dataclass(frozen=True)
class SuperviseOptions(Options):
    """What `supervise` is asked for."""

    failed: int | None
    """The exit code of a service that cannot start; None if it can."""
    stay: int
    """For how many seconds a service that cannot start stays."""
    look_every: int
    """After how many seconds it looks again for a Neo4j or an R2 that was away at the start."""


@dataclass(frozen=True)
class VerifyOptions(Options):
    """What `verify` is asked for."""

    key: str | None
    """An archive's key, or `LATEST`. None means `LATEST` for a drill, and without one the latest
    backup of each database."""
    database: str | None
    """The only database whose backups are verified; None means all that are configured."""
    all: bool
    identity: str | None
    drill: str | None
    """The URI of the scratch Neo4j for a restore drill; None means no drill."""
    json: bool


_RECORDS: Final[Mapping[str, type[Options]]] = {
    "backup": BackupOptions,
    "check": CheckOptions,
    "diff": DiffOptions,
    "drill": DrillOptions,
    "fetch": FetchOptions,
    "health": HealthOptions,
    "list": ListOptions,
    "proof": ProofOptions,
    "prune": PruneOptions,
    "restore": RestoreOptions,
    "status": StatusOptions,
    "supervise": SuperviseOptions,
    "verify": VerifyOptions,
}


def options_of(parsed: Namespace) -> Options:
    """Return the options of the parsed command as its record."""
    record = _RECORDS.get(parsed.command, Options)
    return record(**{name: getattr(parsed, name) for name in record.__dataclass_fields__})
