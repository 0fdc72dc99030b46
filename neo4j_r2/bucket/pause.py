"""The pauses: when nothing of a database is removed, because somebody may have lost a graph.

This is the one place of a pause's wording: the reason at each backup, and the warning in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neo4j_r2.bucket.candidates import Candidate, Policy, is_own, ordinary_backups
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.core.figures import entity_count
from neo4j_r2.core.program_name import program_name

_EMPTIED = "the newest backup is empty and older ones are not"
_SHRUNK = "the newest backup has shrunk and is not accepted"


@dataclass(frozen=True)
class Pause:
    """Why nothing of a database is removed, whatever the rules say."""

    reasons: tuple[str, ...]
    """For each backup that is kept."""
    warning: str
    """For the log and for notifications, in one line."""


def pauses(candidates: Sequence[Candidate], policy: Policy) -> dict[str, Pause]:
    """Return the pauses, by database.

    A graph that was emptied has shrunk too. The warning then only says that it was emptied.
    """
    emptied, shrunk = emptied_databases(candidates, policy), shrunk_databases(candidates, policy)
    found = {}
    for database in policy.databases:
        reasons = (_EMPTIED,) * (database in emptied) + (_SHRUNK,) * (database in shrunk)
        if database in emptied:
            found[database] = Pause(reasons, _emptied_warning(database))
        elif database in shrunk:
            warning = _shrunk_warning(database, shrunk[database], policy.shrink_percent)
            found[database] = Pause(reasons, warning + _comparison(candidates, policy, database))
    return found


def emptied_databases(candidates: Sequence[Candidate], policy: Policy) -> set[str]:
    """Return the databases whose newest backup is empty while an older one is not."""
    return {
        database
        for database in policy.databases
        if (own := ordinary_backups(candidates, policy, database))
        and own[-1].entities == 0
        and any(_has_entities(each, policy, database) for each in candidates)
    }


def shrunk_databases(candidates: Sequence[Candidate], policy: Policy) -> dict[str, Size]:
    """Return the databases whose newest backup has shrunk and is not accepted, with its size."""
    return {
        database: own[-1].size
        for database in policy.databases
        if (own := ordinary_backups(candidates, policy, database))
        and own[-1].size.is_alarming(policy.shrink_percent)
    }


def _has_entities(candidate: Candidate, policy: Policy, database: str) -> bool:
    return is_own(candidate, policy, database) and candidate.complete and candidate.entities > 0


def _emptied_warning(database: str) -> str:
    return (
        f"The newest backup of database {database} is of an empty graph, older ones are not: "
        "nothing is removed"
    )


def _comparison(candidates: Sequence[Candidate], policy: Policy, database: str) -> str:
    """Return the end of a sentence: which command says what a shrunk graph has lost."""
    *before, newest = ordinary_backups(candidates, policy, database)
    accepted = [each for each in before if each.entities == newest.last_accepted]
    if not accepted:
        return ""  # its manifest was not read, or it was removed
    names = f"{accepted[-1].name.stem} {newest.name.stem}"
    return f"; `{program_name()} diff {names}` says what is gone"


def _shrunk_warning(database: str, size: Size, percent: int) -> str:
    return (
        f"Database {database} has shrunk: the newest backup has {entity_count(size.entities)}, the "
        f"last accepted one had {size.last_accepted:,}; nothing is removed until one has "
        f"{size.least(percent):,}, or `{program_name()} prune --accept-shrink "
        f"--database {database}`"
    )
