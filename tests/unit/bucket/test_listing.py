"""What `list` shows of a bucket, and what `prune` shows of its plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import ExportSummary, Manifest, Totals
from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.candidates import Candidate
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.listing import BackupLine, Listing, UploadLine, backup_lines
from neo4j_r2.bucket.listing_text import SHOWN_FOREIGN, age, document, sections
from neo4j_r2.bucket.plan_text import plan
from neo4j_r2.bucket.prune import Verdict
from neo4j_r2.bucket.retention import Decision
from neo4j_r2.core.tables import plain, terminal
from tests.unit.archive.test_manifest import RECORD
from tests.unit.bucket.test_keys import ARCHIVE, MANIFEST, NAME, PLAIN, TAKEN
from tests.unit.process import ROOT

NOW = datetime(2025, 10, 8, 8, 30, 0, tzinfo=UTC)
EMPTY = Listing("graphiti-neo4j-backup", "neo4j-backup", NOW, [], [], [])


def name_of(hours: float) -> BackupName:
    return replace(NAME, taken=TAKEN - timedelta(hours=hours))


def backup(hours: float, size: int = 5_998_112, **summary: object) -> BackupLine:
    """Return a complete backup that was taken `hours` hours before the newest one."""
    name = name_of(hours)
    export = ExportSummary("manual", 10_000, 24_518, {}, {}, 0, 0, True, 0)
    return BackupLine(
        name.archive_key(compressed=True),
        name.database,
        name.taken,
        size,
        "",
        replace(export, **summary),  # type: ignore[arg-type]
        kind="full",
        needs=[name.archive_key(compressed=True)],
    )


def incomplete(hours: float, problem: str, size: int = 5_993_204) -> BackupLine:
    return replace(backup(hours, size), problem=problem, export=None, kind="", needs=())


def upload(key: str, hours: float, database: str | None) -> UploadLine:
    return UploadLine(key, NOW - timedelta(hours=hours), database)


EXAMPLE = replace(
    EMPTY,
    backups=[
        backup(0),
        replace(
            backup(24, 5_993_870, consistent=False, nodes=9_988, relationships=24_461), proved=True
        ),
        incomplete(48, "incomplete: no manifest"),
        incomplete(
            72,
            "the manifest has format version 7; this version of the service reads 1, 2, 3, 4, 5, 6",
        ),
    ],
    uploads=[upload(name_of(120).archive_key(compressed=True), 126.5, "neo4j")],
    foreign=[("neo4j-backup/readme.txt", 1204)],
)


BERLIN = ZoneInfo("Europe/Berlin")


def table(listing: Listing, zone: tzinfo, width: int | None = None) -> str:
    """Return what `list` prints: into a pipe, or on a terminal that is so wide."""
    console = terminal(width) if width else None
    return plain(*sections(listing, zone), console=console)


def columns(line: str) -> list[str]:
    """Return the cells of a line, which at least two blanks separate."""
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_the_table_is_the_one_in_the_documents() -> None:
    assert table(EXAMPLE, BERLIN) in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_a_pipe_gets_one_line_for_each_backup() -> None:
    large = backup(0, 999_000_000, nodes=999_999, relationships=999_999_999)
    lines = table(replace(EXAMPLE, backups=[large]), BERLIN).splitlines()
    assert lines[1].startswith(f"{ARCHIVE}  neo4j ")
    assert lines[2] == ""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_terminal_of_80_columns_shows_everything_without_a_wrapped_line(zone: str) -> None:
    safety = replace(
        backup(96, 999_000_000_000),
        key=f"{name_of(96).archive_key(compressed=True)}.age",
        export=Totals(999_999_999, 999_999_999, 1, 2),
        before_restore=True,
    )
    listing = replace(EXAMPLE, backups=[*EXAMPLE.backups[:3], safety])
    text = table(listing, ZoneInfo(zone), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert zone in text or "America/Argentina/" in text  # wrapped, in the heading
    wanted = table(listing, ZoneInfo(zone)).split()
    assert {word for word in wanted if zone not in word} <= set(text.split())


def test_the_first_time_of_an_hour_that_comes_twice_is_told_from_the_second_on_one_line() -> None:
    times = [datetime(2025, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    listing = replace(EMPTY, backups=[replace(backup(0), taken=time) for time in times])
    for width in (None, 80, 30):
        text = table(listing, BERLIN, width=width)
        assert text.count("2025-10-26 02:30:00") == 2
        assert text.count("2025-10-26 02:30:00 CEST ") == 1


def test_a_key_stays_whole_on_the_narrowest_terminal() -> None:
    lines = table(replace(EXAMPLE, uploads=[]), BERLIN, width=30).splitlines()
    assert f" {ARCHIVE}  full" in lines


def test_a_wide_terminal_shows_what_a_pipe_gets() -> None:
    assert table(EXAMPLE, BERLIN, width=250) == table(EXAMPLE, BERLIN)


def test_a_row_has_a_cell_for_each_heading() -> None:
    listing = replace(EMPTY, backups=[backup(0, consistent=False)])
    heading, row = table(listing, BERLIN).splitlines()
    assert columns(heading) == [
        "KEY", "DATABASE", "TIME (Europe/Berlin)", "SIZE",
        "NODES", "RELATIONSHIPS", "METHOD", "KIND", "FLAGS",
    ]  # fmt: skip
    assert columns(row) == [
        ARCHIVE, "neo4j", "2025-10-08 04:00:00", "6.00 MB",
        "10,000", "24,518", "manual", "full", "inconsistent",
    ]  # fmt: skip


def test_a_row_says_what_is_wrong_with_its_backup() -> None:
    lines = table(EXAMPLE, BERLIN).splitlines()
    assert columns(lines[3])[4:] == ["incomplete: no manifest"]
    assert columns(lines[4])[4].startswith("the manifest has format version 7")


def test_only_totals_are_shown_of_an_encrypted_backup() -> None:
    listing = replace(EMPTY, backups=[replace(backup(0), export=Totals(10_000, 24_518, 1, 2))])
    _, row = table(listing, BERLIN).splitlines()
    assert columns(row)[3:] == ["6.00 MB", "10,000", "24,518", "full", "encrypted"]
    (entry,) = json.loads(document(listing))["backups"]
    assert entry["complete"] is entry["encrypted"] is True
    assert (entry["nodes"], entry["relationships"]) == (10_000, 24_518)
    assert entry["method"] is entry["consistent"] is None


def test_an_empty_place_says_so_and_where_to_look() -> None:
    place = "under s3://graphiti-neo4j-backup/neo4j-backup/"
    assert table(EMPTY, BERLIN) == f"No backups {place}\n"
    listing = replace(EMPTY, database="movies", whereabouts="look there")
    assert table(listing, BERLIN) == f"No backups of database movies {place}\nlook there\n"
    assert json.loads(document(listing))["whereabouts"] == "look there"


def test_foreign_keys_are_shown_apart_even_without_a_backup() -> None:
    uploads = [upload("neo4j-backup/film.mkv", 1, None)]
    text = table(replace(EMPTY, uploads=uploads, foreign=[("neo4j-backup/readme.txt", 1)]), BERLIN)
    assert [columns(line) for line in text.splitlines()[2:]] == [
        ["FOREIGN KEY", "SIZE"],
        ["neo4j-backup/readme.txt", "1 byte"],
        ["neo4j-backup/film.mkv", "unfinished upload"],
    ]


def test_a_table_shows_only_some_of_many_foreign_keys() -> None:
    foreign = [(f"neo4j-backup/{number}.txt", 1) for number in range(SHOWN_FOREIGN + 1_000)]
    lines = table(replace(EMPTY, foreign=foreign), BERLIN).splitlines()
    assert len(lines) == SHOWN_FOREIGN + 4
    assert lines[-1] == "and 1,000 more; list --json has them all"
    assert len(json.loads(document(replace(EMPTY, foreign=foreign)))["foreign"]) == len(foreign)


@given(st.text(), st.text())
def test_a_foreign_text_cannot_control_the_terminal(key: str, method: str) -> None:
    listing = replace(EMPTY, foreign=[(key, 1)], backups=[backup(0, method=method)])
    text = table(listing, BERLIN)
    assert len(text.splitlines()) == 5
    assert all(line.isascii() and line.isprintable() for line in text.splitlines())


def test_a_document_has_times_in_utc_and_sizes_in_bytes() -> None:
    content = json.loads(document(EXAMPLE))
    assert content["time"] == "2025-10-08T08:30:00Z"
    assert content["backups"][1] == {
        "key": "neo4j-backup/neo4j_2025-10-07_02-00-00.cypher.gz",
        "database": "neo4j",
        "taken": "2025-10-07T02:00:00Z",
        "age_seconds": 109_800,
        "kind": "full",
        "needs": ["neo4j-backup/neo4j_2025-10-07_02-00-00.cypher.gz"],
        "size": 5_993_870,
        "complete": True,
        "problem": None,
        "nodes": 9_988,
        "relationships": 24_461,
        "method": "manual",
        "consistent": False,
        "encrypted": False,
        "before_restore": False,
        "shrink_accepted": False,
        "proved": True,
    }
    assert content["unfinished_uploads"] == [
        {
            "key": "neo4j-backup/neo4j_2025-10-03_02-00-00.cypher.gz",
            "database": "neo4j",
            "begun": "2025-10-03T02:00:00Z",
            "foreign": False,
        }
    ]
    assert content["foreign"] == [{"key": "neo4j-backup/readme.txt", "size": 1204}]


def test_every_backup_of_a_document_has_the_same_fields() -> None:
    complete, *_, unknown = json.loads(document(EXAMPLE))["backups"][:3]
    assert list(complete) == list(unknown)
    assert unknown["complete"] is False
    assert unknown["problem"] == "incomplete: no manifest"
    assert unknown["nodes"] is unknown["method"] is unknown["consistent"] is None


def test_uploads_that_could_not_be_listed_are_shown_as_unknown() -> None:
    unknown = replace(EMPTY, uploads=None)
    assert json.loads(document(unknown))["unfinished_uploads"] is None
    assert table(unknown, BERLIN) == table(EMPTY, BERLIN)


@pytest.mark.parametrize(
    ("archives", "problem"),
    [
        ([(ARCHIVE, 100)], ""),
        ([(ARCHIVE, 99)], "incomplete: 99 of 100 bytes"),
        ([(PLAIN, 100)], "incomplete: the manifest is of another archive"),
        ([], "incomplete: no archive"),
    ],
)
def test_a_backup_is_complete_if_its_manifest_describes_its_archive(
    archives: Sequence[tuple[str, int]], problem: str
) -> None:
    (line,) = backup_lines(StoredBackup(NAME, tuple(archives), MANIFEST), RECORD, "")
    assert line.problem == problem
    assert line.export == (None if problem else RECORD.export)
    assert line.key == (archives[0][0] if archives else MANIFEST)


def test_a_backup_that_was_copied_from_another_prefix_is_told_as_that() -> None:
    copied = replace(RECORD, archive_key=ARCHIVE.replace("neo4j-backup", "neo4j-other"))
    (line,) = backup_lines(StoredBackup(NAME, ((ARCHIVE, 100),), MANIFEST), copied, "")
    assert line.problem == (
        "incomplete: it is a copy: its manifest names an archive under neo4j-other/"
    )


def test_an_archive_without_a_manifest_is_incomplete() -> None:
    (line,) = backup_lines(StoredBackup(NAME, ((ARCHIVE, 100),), None), None, "")
    assert (line.size, line.problem) == (100, "incomplete: no manifest")


def test_a_backup_before_a_restore_and_an_accepted_shrink_are_flags() -> None:
    stored = StoredBackup(NAME, ((ARCHIVE, 100),), MANIFEST, NAME.acceptance_key)
    record = replace(RECORD, before_restore=True)
    listing = replace(EMPTY, backups=backup_lines(stored, record, ""))
    assert columns(table(listing, BERLIN).splitlines()[1])[6:] == [
        "manual",
        "full",
        "safety, shrink accepted",
    ]
    assert json.loads(document(listing))["backups"][0]["shrink_accepted"] is True


def test_a_complete_backup_with_a_proof_is_proved() -> None:
    proof = NAME.proof_key
    (line,) = backup_lines(StoredBackup(NAME, ((ARCHIVE, 100),), MANIFEST, None, proof), RECORD, "")
    listing = replace(EMPTY, backups=[line])
    assert columns(table(listing, BERLIN).splitlines()[1])[6:] == ["manual", "full", "proved"]
    assert json.loads(document(listing))["backups"][0]["proved"] is True


@pytest.mark.parametrize(
    ("archives", "manifest"),
    [([(ARCHIVE, 99)], RECORD), ([(PLAIN, 100)], RECORD), ([], RECORD), ([(ARCHIVE, 100)], None)],
    ids=["size", "other archive", "no archive", "no manifest"],
)
def test_a_backup_that_is_not_complete_any_more_is_not_shown_as_proved(
    archives: Sequence[tuple[str, int]], manifest: Manifest | None
) -> None:
    stored = StoredBackup(NAME, tuple(archives), MANIFEST, None, NAME.proof_key)
    (line,) = backup_lines(stored, manifest, "")
    assert line.proved is False
    assert "proved" not in table(replace(EMPTY, backups=[line]), BERLIN)


def test_of_two_archives_of_one_name_only_the_manifest_s_own_is_proved() -> None:
    stored = StoredBackup(NAME, ((PLAIN, 7), (ARCHIVE, 100)), MANIFEST, None, NAME.proof_key)
    lines = backup_lines(stored, RECORD, "")
    assert [(line.key, line.proved) for line in lines] == [(PLAIN, False), (ARCHIVE, True)]


def test_two_archives_of_one_name_have_a_line_each() -> None:
    lines = backup_lines(StoredBackup(NAME, ((PLAIN, 7), (ARCHIVE, 100)), MANIFEST), RECORD, "")
    assert [(line.key, bool(line.problem)) for line in lines] == [(PLAIN, True), (ARCHIVE, False)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-100, "0 min"),
        (59, "0 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (48 * 3600 - 1, "47 h"),
        (48 * 3600, "2 d"),
        (365 * 86400, "365 d"),
    ],
)
def test_an_age_is_shown_in_minutes_hours_or_days(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


def test_a_plan_has_a_line_with_a_reason_for_each_backup() -> None:
    verdicts = [
        Verdict(
            StoredBackup(name_of(hours), archives, MANIFEST),
            Decision(Candidate(name_of(hours), True, "A1", 1), remove, reasons),
        )
        for hours, archives, remove, reasons in (
            (240, ((PLAIN, 1),), True, ("older than 7 days",)),
            (48, (), False, ("not older than 7 days", "daily")),
        )
    ]
    assert [columns(line) for line in plain(plan(verdicts)).splitlines()] == [
        ["remove", PLAIN, "older than 7 days"],
        ["keep", MANIFEST, "not older than 7 days; daily"],
    ]
    assert plain(plan([])) == ""
