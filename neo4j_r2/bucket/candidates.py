"""The candidates: stored backups as retention sees them, with what their manifests say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.config.keep_rules import Rules


@dataclass(frozen=True)
class Candidate:
    """A stored backup, with what its manifest says of it."""

    name: BackupName
    complete: bool
    database_id: str | None
    """The identity of its database; None without a manifest."""
    entities: int
    """Nodes and relationships; 0 if it is incomplete."""
    readable: bool = True
    """Whether this version can read its manifest; also true if it has none."""
    copied: str = ""
    """That somebody has copied it from another prefix, in words; empty if it was made here."""
    before_restore: bool = False
    """Whether its graph was about to be replaced; then it never counts as the newest backup."""
    last_accepted: int = 0
    """Entities of the accepted backup that it was compared with; 0 if there was none."""
    is_accepted: bool = False
    """Whether somebody has accepted that it is so small."""
    needs: tuple[BackupName, ...] | None = None
    """The backups whose archives it needs; None if its manifest was not read."""
    may_be_needed: bool = True
    """Whether other backups may need its archive; also true if its manifest was not read."""

    @property
    def size(self) -> Size:
        """The size of its graph, beside the last accepted size."""
        return Size(self.entities, self.last_accepted, self.is_accepted)


@dataclass(frozen=True)
class Policy:
    """The rules, and the databases whose backups may be removed."""

    rules: Rules
    databases: dict[str, str]
    """The identity of each database that was backed up, by the database's name."""
    shrink_percent: int = 0
    """A graph that shrank by more than this pauses pruning; 0 turns the alarm off."""


def is_own(candidate: Candidate, policy: Policy, database: str) -> bool:
    """Whether a backup is of this very database, and not of another server's with its name."""
    name = candidate.name
    return name.database == database and candidate.database_id == policy.databases[database]


def ordinary_backups(
    candidates: Sequence[Candidate], policy: Policy, database: str
) -> list[Candidate]:
    """Return a database's own complete backups, oldest first, without those before a restore."""
    own = [
        each
        for each in candidates
        if is_own(each, policy, database) and each.complete and not each.before_restore
    ]
    return sorted(own, key=lambda each: each.name.taken)
