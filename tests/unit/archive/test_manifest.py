"""Manifests are written and read back. Damaged ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import (
    ENCRYPTED_CHAIN_FORMAT_VERSION,
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    ExportSummary,
    LockedManifest,
    Manifest,
    StoredManifest,
    read_manifest,
)
from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.core.errors import CorruptError

ARCHIVE = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
PLAIN = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher"
SUMMARY = ExportSummary("manual", 3, 2, {'["A"]': 3}, {"R": 2}, 1, 4, True, 0)
BLOCK = BlockEntry(
    kind="nodes",
    first=0,
    last=8191,
    entities=3,
    sha256="00",
    text_length=300,
    offset=0,
    length=100,
)
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
"""Fields that manifests of earlier versions lack."""
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text(), st.integers(0), st.dictionaries(st.text(), st.integers(0)))
def test_a_manifest_is_ascii_and_reads_back_unchanged(
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


def test_an_encrypted_manifest_reads_back_unchanged_and_shows_only_totals() -> None:
    data = LOCKED.to_json()
    assert data.isascii()
    assert read_manifest(data) == LOCKED
    assert json.loads(data) == {
        "format_version": 4,
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


def test_decryption_gives_the_whole_manifest() -> None:
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
def test_an_encrypted_part_of_another_manifest_is_corrupt(other: Manifest) -> None:
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
def test_a_damaged_encrypted_manifest_is_corrupt(change: dict[str, object]) -> None:
    with pytest.raises(CorruptError):
        read_manifest(json.dumps({**json.loads(LOCKED.to_json()), **change}).encode())


@pytest.mark.parametrize("version", [0, ENCRYPTED_CHAIN_FORMAT_VERSION + 1, "2", None])
def test_the_error_names_an_unknown_format_version(version: object) -> None:
    data = json.dumps({"format_version": version, "invented": []}).encode()
    with pytest.raises(CorruptError, match=f"format version {version!r}"):
        read_manifest(data)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b"\xff\xfe")
@example(b"9" * 5000)
@example(b"{}")
@example(b"null")
def test_other_data_than_a_manifest_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError):
        read_manifest(data)


@pytest.mark.parametrize("name", sorted(json.loads(RECORD.to_json()).keys() - OPTIONAL))
def test_a_manifest_without_a_required_field_is_corrupt(name: str) -> None:
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


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_a_manifest_of_an_earlier_version_can_be_read(name: str) -> None:
    fields = json.loads(RECORD.to_json())
    del fields[name]
    assert read_manifest(json.dumps(fields).encode()) == RECORD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", 1),
        ("first", "0"),
        ("last", None),
        ("entities", -1),
        ("offset", "0"),
        ("length", 1.0),
        ("text_length", True),
        ("sha256", None),
    ],
)
def test_a_damaged_block_entry_is_corrupt(field: str, value: object) -> None:
    fields = json.loads(RECORD.to_json())
    fields["blocks"].append({**BLOCK.to_json(), field: value})
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("field", BLOCK.to_json())
def test_an_incomplete_block_entry_is_corrupt(field: str) -> None:
    fields = json.loads(RECORD.to_json())
    del fields["blocks"][0][field]
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("entry", [None, 1, "nodes", [], {}])
def test_a_block_entry_that_is_no_object_is_corrupt(entry: object) -> None:
    fields = json.loads(RECORD.to_json())
    fields["blocks"] = [entry]
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("table", [None, {}, "", 0])
def test_a_table_of_blocks_that_is_no_list_is_corrupt(table: object) -> None:
    fields = json.loads(RECORD.to_json())
    fields["blocks"] = table
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


WRITTEN = """\
{
 "format_version": 3,
 "service_version": "0.1.0",
 "database": "neo4j",
 "database_id": "A1",
 "server_version": "5.26.19",
 "server_edition": "community",
 "started": "2025-10-08T02:00:00Z",
 "finished": "2025-10-08T02:00:05Z",
 "export": {
  "method": "manual",
  "nodes": 3,
  "relationships": 2,
  "nodes_by_labels": {
   "[\\"A\\"]": 3
  },
  "relationships_by_type": {
   "R": 2
  },
  "constraints": 1,
  "indexes": 4,
  "consistent": true,
  "dangling_relationships": 0,
  "unstated_schema": []
 },
 "identity": {
  "label": "_BackupNode"
 },
 "archive_key": "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz",
 "archive_size": 100,
 "archive_sha256": "00",
 "text_size": 300,
 "blocks": [
  {
   "kind": "nodes",
   "first": 0,
   "last": 8191,
   "entities": 3,
   "sha256": "00",
   "text_length": 300,
   "offset": 0,
   "length": 100
  },
  {
   "kind": "epilogue",
   "first": -1,
   "last": -1,
   "entities": 0,
   "sha256": "00",
   "text_length": 7,
   "offset": 100,
   "length": 9
  }
 ],
 "before_restore": true,
 "last_accepted": 4
}
"""


def test_the_bytes_of_a_manifest_do_not_change_between_versions() -> None:
    second = replace(
        BLOCK, kind="epilogue", first=-1, last=-1, entities=0, text_length=7, offset=100, length=9
    )
    manifest = replace(RECORD, blocks=[BLOCK, second], before_restore=True, last_accepted=4)
    assert manifest.to_json().decode("ascii") == WRITTEN


@pytest.mark.parametrize(
    "manifest", [replace(RECORD, format_version=1), replace(LOCKED, format_version=2)]
)
def test_the_formats_before_are_read(manifest: StoredManifest) -> None:
    assert read_manifest(manifest.to_json()) == manifest


@pytest.mark.parametrize("counts", [{"A": "3"}, {"A": -3}, {"A": None}])
def test_a_count_of_a_label_set_that_is_no_number_is_corrupt(counts: dict[str, object]) -> None:
    fields = json.loads(RECORD.to_json())
    fields["export"]["nodes_by_labels"] = counts
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("field", ["started", "finished"])
@pytest.mark.parametrize(
    "time",
    ["", "yesterday", "2025-10-08T02:00:01", "2025-10-08T02:00:01+00:00", "2025-13-08T02:00:01Z"],
)
def test_a_time_that_is_not_in_utc_is_corrupt(field: str, time: str) -> None:
    with pytest.raises(CorruptError, match="times in UTC"):
        read_manifest(json.dumps({**json.loads(RECORD.to_json()), field: time}).encode())


@pytest.mark.parametrize("field", ["nodes", "relationships"])
def test_a_total_that_is_no_number_is_corrupt(field: str) -> None:
    fields = json.loads(RECORD.to_json())
    fields["export"][field] = "3"
    with pytest.raises(CorruptError):
        read_manifest(json.dumps(fields).encode())


def test_fields_of_later_versions_are_ignored() -> None:
    content = json.loads(RECORD.to_json())
    content["added"] = 1
    content["export"]["added"] = 2
    content["blocks"][0]["added"] = 3
    assert read_manifest(json.dumps(content).encode()) == RECORD
