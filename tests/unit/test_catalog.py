"""Keys and manifests."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.catalog import (
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    BackupName,
    ExportSummary,
    LockedManifest,
    Manifest,
    parse_key,
    read_manifest,
    stored_backups,
)
from neo4j_r2.errors import CorruptError

PREFIX = "neo4j-backup"
TAKEN = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
NAME = BackupName(PREFIX, "neo4j", TAKEN)
ARCHIVE = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
PLAIN = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher"
MANIFEST = "neo4j-backup/neo4j_2025-10-08_02-00-00.manifest.json"
PREFIXES = st.from_regex(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?", fullmatch=True)
NAMES = st.builds(
    BackupName,
    PREFIXES,
    st.from_regex(r"[a-z][a-z0-9.-]{2,62}", fullmatch=True),
    st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)).map(
        lambda time: time.replace(microsecond=0)
    ),
)
SUMMARY = ExportSummary("manual", 3, 2, {'["A"]': 3}, {"R": 2}, 1, 4, True, 0)
BLOCK = {
    "kind": "nodes",
    "first": 0,
    "last": 8191,
    "entities": 3,
    "sha256": "00",
    "text_length": 300,
    "offset": 0,
    "length": 100,
}
RECORD = Manifest(
    format_version=FORMAT_VERSION,
    service_version="0.1.0",
    database="neo4j",
    database_id="A1",
    server_version="5.26.19",
    server_edition="community",
    started="2025-10-08T02:00:00Z",
    finished="2025-10-08T02:00:05Z",
    export=SUMMARY,
    identity={"label": "_BackupNode"},
    archive_key=ARCHIVE,
    archive_size=100,
    archive_sha256="00",
    text_size=300,
    blocks=[BLOCK],
)
OPTIONAL = {"before_restore", "last_accepted"}
"""Fields that manifests of before they were added do not have."""
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_the_keys_of_a_backup_are_those_of_the_specification() -> None:
    assert NAME.archive_key(compressed=True) == ARCHIVE
    assert NAME.archive_key(compressed=False) == PLAIN
    assert NAME.archive_key(compressed=True, encrypted=True) == f"{ARCHIVE}.age"
    assert NAME.archive_key(compressed=False, encrypted=True) == f"{PLAIN}.age"
    assert NAME.manifest_key == MANIFEST


@given(NAMES)
def test_every_key_that_this_service_gives_is_its_own(name: BackupName) -> None:
    assert parse_key(name.archive_key(compressed=True), name.prefix) == (name, "cypher.gz")
    assert parse_key(name.archive_key(compressed=False), name.prefix) == (name, "cypher")
    for compressed, extension in ((True, "cypher.gz.age"), (False, "cypher.age")):
        key = name.archive_key(compressed=compressed, encrypted=True)
        assert parse_key(key, name.prefix) == (name, extension)
    assert parse_key(name.manifest_key, name.prefix) == (name, "manifest.json")
    assert parse_key(name.acceptance_key, name.prefix) == (name, "accepted.json")


@given(
    st.from_regex(
        r"neo4j-backup/[a-z][a-z0-9.-]{2,5}_\d{4}-[0-3]\d-\d\d_\d\d-\d\d-\d\d\.cypher",
        fullmatch=True,
    )
)
@example("neo4j-backup/neo4j_0999-01-01_00-00-00.cypher")
@example("neo4j-backup/neo4j_٢٠٢٥-01-01_00-00-00.cypher")
def test_every_key_that_is_taken_for_its_own_is_one_that_this_service_gives(key: str) -> None:
    parsed = parse_key(key, PREFIX)
    assert parsed is None or parsed[0].archive_key(compressed=False) == key


@pytest.mark.parametrize(
    "key",
    [
        "neo4j-backup-other/neo4j_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/notes_2020-01-01_00-00-00.txt",
        "neo4j-backup/notes_2020-01-01_00-00-00.cypher.gz.bak",
        "neo4j-backup/readme.txt",
        "neo4j-backup/neo4j_2020-02-30_00-00-00.cypher.gz",
        "neo4j-backup/neo4j_2020-13-01_00-00-00.cypher.gz",
        "neo4j-backup/neo4j_2020-01-01_24-00-00.cypher.gz",
        "neo4j-backup/neo4j_2020-01-01_00-00-61.cypher.gz",
        "neo4j-backup/neo4j_2020-1-1_00-00-00.cypher.gz",
        "neo4j-backup/NEO4J_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/neo4j_2020-01-01_00-00-00.CYPHER.GZ",
        "neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz\n",
        "neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.zst",
        "neo4j-backup/neo4j_2020-01-01_00-00-00",
        "neo4j-backup/neo4j-2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/a_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/2024/neo4j_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup//neo4j_2020-01-01_00-00-00.cypher.gz",
        "/neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz",
        "x/neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz",
        "neo4j_2020-01-01_00-00-00.cypher.gz",
        "neo4j-backup/",
        "",
    ],
)
def test_a_foreign_key_is_none_of_this_services(key: str) -> None:
    assert parse_key(key, PREFIX) is None


def test_a_key_says_which_database_it_is_of() -> None:
    parsed = parse_key("neo4j-backup/notes_2020-01-01_00-00-00.cypher.gz", PREFIX)
    assert parsed is not None
    assert parsed[0].database == "notes"


def test_a_listing_becomes_backups_oldest_first_without_the_foreign_keys() -> None:
    later = replace(NAME, taken=TAKEN.replace(day=9))
    listing = [
        (later.archive_key(compressed=True), 7),
        ("neo4j-backup/readme.txt", 1),
        (MANIFEST, 2),
        (ARCHIVE, 5),
        (PLAIN, 6),
    ]
    first, second = stored_backups(listing, PREFIX)
    assert first.name == NAME
    assert sorted(first.archives) == [(PLAIN, 6), (ARCHIVE, 5)]
    assert first.manifest_key == MANIFEST
    assert second.name == later
    assert second.archives == ((later.archive_key(compressed=True), 7),)
    assert second.manifest_key is None


def test_a_manifest_without_an_archive_is_still_listed() -> None:
    (backup,) = stored_backups([(MANIFEST, 2)], PREFIX)
    assert backup.archives == ()
    assert backup.manifest_key == MANIFEST


def test_an_acceptance_belongs_to_its_backup_and_is_none_alone() -> None:
    lonely = replace(NAME, taken=TAKEN.replace(day=9)).acceptance_key
    listing = [(ARCHIVE, 5), (MANIFEST, 2), (NAME.acceptance_key, 1), (lonely, 1)]
    (backup,) = stored_backups(listing, PREFIX)
    assert backup.acceptance_key == NAME.acceptance_key
    assert backup.keys == [MANIFEST, NAME.acceptance_key, ARCHIVE]


@given(st.text(), st.integers(0), st.dictionaries(st.text(), st.integers(0)))
def test_a_manifest_comes_back_as_it_was_and_is_ascii(
    text: str, size: int, counts: dict[str, int]
) -> None:
    summary = replace(SUMMARY, relationships_by_type=counts)
    manifest = replace(RECORD, server_version=text, archive_size=size, export=summary)
    data = manifest.to_json()
    assert data.isascii()
    assert read_manifest(data) == manifest


WHOLE = replace(
    RECORD, format_version=ENCRYPTED_FORMAT_VERSION, archive_key=f"{ARCHIVE}.age", last_accepted=4
)
LOCKED = LockedManifest.of(WHOLE, "-----BEGIN AGE ENCRYPTED FILE-----")


def test_an_encrypted_manifest_comes_back_as_it_was_and_tells_only_totals() -> None:
    data = LOCKED.to_json()
    assert data.isascii()
    assert read_manifest(data) == LOCKED
    assert json.loads(data) == {
        "format_version": 2,
        "service_version": "0.1.0",
        "database": "neo4j",
        "database_id": "A1",
        "started": "2025-10-08T02:00:00Z",
        "finished": "2025-10-08T02:00:05Z",
        "export": {"nodes": 3, "relationships": 2, "constraints": 1, "indexes": 4},
        "archive_key": f"{ARCHIVE}.age",
        "archive_size": RECORD.archive_size,
        "archive_sha256": RECORD.archive_sha256,
        "encrypted": "-----BEGIN AGE ENCRYPTED FILE-----",
        "before_restore": False,
        "last_accepted": 4,
    }


def test_an_encrypted_manifest_is_unlocked_by_the_whole_one() -> None:
    assert LOCKED.unlocked(WHOLE.to_json()) == WHOLE
    assert WHOLE.is_compressed
    assert not replace(WHOLE, archive_key=f"{PLAIN}.age").is_compressed


@pytest.mark.parametrize(
    "other",
    [
        RECORD,
        replace(WHOLE, database_id="B2"),
        replace(WHOLE, archive_sha256="11"),
        replace(WHOLE, export=replace(SUMMARY, nodes=4)),
        replace(WHOLE, before_restore=True),
    ],
    ids=["format", "database", "archive", "totals", "before_restore"],
)
def test_an_encrypted_part_that_says_something_else_is_corrupt(other: Manifest) -> None:
    with pytest.raises(CorruptError):
        LOCKED.unlocked(other.to_json())


@pytest.mark.parametrize(
    "change",
    [
        {"encrypted": None},
        {"encrypted": "ä"},
        {"export": {"nodes": 3, "relationships": 2, "constraints": 1}},
        {"export": {"nodes": -3, "relationships": 2, "constraints": 1, "indexes": 4}},
        {"archive_size": "100"},
        {"started": "yesterday"},
    ],
)
def test_an_encrypted_manifest_that_is_damaged_is_corrupt(change: dict[str, object]) -> None:
    with pytest.raises(CorruptError):
        read_manifest(json.dumps({**json.loads(LOCKED.to_json()), **change}).encode())


@pytest.mark.parametrize("version", [0, ENCRYPTED_FORMAT_VERSION + 1, "2", None])
def test_a_manifest_of_another_format_names_its_version(version: object) -> None:
    data = json.dumps({"format_version": version, "invented": []}).encode()
    with pytest.raises(CorruptError, match=f"format version {version!r}"):
        read_manifest(data)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b"\xff\xfe")
@example(b"9" * 5000)
@example(b"{}")
@example(b"null")
def test_what_is_no_manifest_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError):
        read_manifest(data)


@pytest.mark.parametrize("name", json.loads(RECORD.to_json()).keys() - OPTIONAL)
def test_a_manifest_that_lacks_a_field_is_corrupt(name: str) -> None:
    fields = json.loads(RECORD.to_json())
    del fields[name]
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("archive_size", "100"),
        ("archive_key", None),
        ("database_id", 5),
        ("blocks", "none"),
        ("last_accepted", None),
        ("last_accepted", -1),
    ],
)
def test_a_manifest_with_a_field_of_another_type_is_corrupt(field: str, value: object) -> None:
    fields = json.loads(RECORD.to_json())
    fields[field] = value
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_manifest_of_an_earlier_version_is_of_an_ordinary_backup(name: str) -> None:
    fields = json.loads(RECORD.to_json())
    del fields[name]
    assert read_manifest(json.dumps(fields).encode()) == RECORD


@pytest.mark.parametrize(
    ("field", "value"),
    [("entities", -1), ("offset", "0"), ("length", 1.0), ("text_length", True), ("sha256", None)],
)
def test_a_manifest_whose_table_of_blocks_is_damaged_is_corrupt(field: str, value: object) -> None:
    fields = json.loads(RECORD.to_json())
    fields["blocks"].append({**BLOCK, field: value})
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("counts", [{"A": "3"}, {"A": -3}, {"A": None}])
def test_a_manifest_whose_counts_are_no_numbers_is_corrupt(counts: dict[str, object]) -> None:
    fields = json.loads(RECORD.to_json())
    fields["export"]["nodes_by_labels"] = counts
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("field", ["started", "finished"])
@pytest.mark.parametrize(
    "time",
    ["", "yesterday", "2025-10-08T02:00:01", "2025-10-08T02:00:01+00:00", "2025-13-08T02:00:01Z"],
)
def test_a_manifest_without_its_times_in_utc_is_corrupt(field: str, time: str) -> None:
    with pytest.raises(CorruptError, match="times in UTC"):
        read_manifest(json.dumps({**json.loads(RECORD.to_json()), field: time}).encode())


@pytest.mark.parametrize("field", ["nodes", "relationships"])
def test_a_manifest_with_a_count_that_is_no_number_is_corrupt(field: str) -> None:
    fields = json.loads(RECORD.to_json())
    fields["export"][field] = "3"
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    content = json.loads(RECORD.to_json())
    content["added"] = 1
    content["export"]["added"] = 2
    assert read_manifest(json.dumps(content).encode()) == RECORD
