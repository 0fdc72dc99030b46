"""The page's section of one database: its last backup and proof, its past, and its restore."""

from __future__ import annotations

from neo4j_r2.bucket.keys import is_encrypted_key, parse_key
from neo4j_r2.core.day import day_text
from neo4j_r2.core.figures import counted, size_text
from neo4j_r2.core.program_name import program_name
from neo4j_r2.monitoring.markup import Markup, element, foreign, join
from neo4j_r2.monitoring.page_parts import (
    NOTHING,
    ago,
    note,
    part,
    seconds_text,
    tile,
    tiles,
    when,
)
from neo4j_r2.monitoring.page_points import restore_points
from neo4j_r2.monitoring.page_runs import runs
from neo4j_r2.monitoring.page_view import DatabaseView
from neo4j_r2.run.state import BackupState


def database_section(view: DatabaseView) -> Markup:
    """Return the section of a database."""
    heading = f"{view.identity}-heading"
    last = view.state.last_backup
    return element(
        "section",
        element("h2", "Database ", foreign(view.name), id=heading),
        note("Pruning is paused: ", foreign(view.state.pause), waits=True)
        if view.state.pause
        else NOTHING,
        _drill_notes(view),
        tiles(*_of_backup(view, last), *_of_proof(view))
        if last
        else element("p", "No backup yet. The first is due at ", when(view.due, view.zone), "."),
        runs(view),
        restore_points(view),
        _restore(view),
        aria_labelledby=heading,
        id=view.identity,
    )


def _of_backup(view: DatabaseView, last: BackupState) -> list[Markup]:
    return [
        tile(
            "Last backup",
            ago(last.started, view.now),
            when(last.started, view.zone),
            f"{size_text(last.archive_size)} in the bucket",
        ),
        tile(
            "In that backup",
            counted(last.nodes, "node"),
            counted(last.relationships, "relationship"),
        ),
    ]


def _of_proof(view: DatabaseView) -> list[Markup]:
    if view.drilled is None:
        return []
    proof, other = view.drilled.last_proof, view.proved_by_another
    if other:
        taken = join("the backup of ", when(other.taken, view.zone))
        return [tile("Last proved", "by another drill", taken)]
    if proof is None:
        return [tile("Last proved", "never", "no drill has succeeded here")]
    day = day_text(proof.finished, view.now, view.zone)
    taken = join("the backup of ", when(proof.backup_started, view.zone))
    of_newest = proof.archive_key == view.newest_key
    return [
        tile(
            "Last proved",
            f"{day} {proof.finished.astimezone(view.zone):%H:%M}",
            "the newest backup" if of_newest else taken,
        ),
        tile("Time to restore", seconds_text(proof.restore_seconds), "as that drill measured it"),
    ]


def _drill_notes(view: DatabaseView) -> Markup:
    """Return what goes on, and what failed that the health probe does not tell."""
    if view.drill_run:
        since = when(view.drill_run.started, view.zone)
        return note("A drill has been under way since ", since, ".", waits=True)
    last = view.drilled.drills[-1:] if view.drilled else ()
    return join(
        *(
            note(
                "The last drill failed at ",
                when(each.finished, view.zone),
                f" (exit {each.exit_code}): ",
                foreign(each.error),
            )
            for each in last
            if each.exit_code and not view.has_scheduled_drills
        )
    )


def _restore(view: DatabaseView) -> Markup:
    key = view.newest_key
    # Somebody will paste the command: only the names that this service gives are harmless.
    parsed = parse_key(key, key.rpartition("/")[0])
    if parsed is None:
        return NOTHING
    is_encrypted = is_encrypted_key(key)
    command = _command(parsed[0].stem, view, is_encrypted=is_encrypted)
    return part(
        "Restore",
        element("p", "The newest restore point, into the database that it is of:"),
        element("pre", element("code", command), tabindex=0),
        element(
            "p",
            *(("key.txt", " holds your private key. ") if is_encrypted else ()),
            "If the database holds a graph, the command changes nothing and says so; ",
            element("code", "--force"),
            " replaces it, and first backs up what is there. For an older point, give its key, or ",
            element("code", "--at '2025-10-07 12:00'"),
            ", in the place of the name.",
            class_="quiet",
        ),
    )


def _command(stem: str, view: DatabaseView, *, is_encrypted: bool) -> str:
    if not view.is_in_container:
        return f"{program_name()} restore {stem}{' --identity key.txt' if is_encrypted else ''}"
    terminal, identity = (" -T", " --identity - < key.txt") if is_encrypted else ("", "")
    program = f"docker-compose exec{terminal} neo4j-backup python3 /app/backup.py"
    return f"{program} restore {stem}{identity}"
