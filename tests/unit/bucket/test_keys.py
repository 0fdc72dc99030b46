"""Which keys this service gives, and which it recognises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.bucket.keys import BackupName, parse_key

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


def test_the_keys_of_a_backup_are_those_of_the_specification() -> None:
    assert NAME.archive_key(compressed=True) == ARCHIVE
    assert NAME.archive_key(compressed=False) == PLAIN
    assert NAME.archive_key(compressed=True, encrypted=True) == f"{ARCHIVE}.age"
    assert NAME.archive_key(compressed=False, encrypted=True) == f"{PLAIN}.age"
    assert NAME.manifest_key == MANIFEST
    assert NAME.proof_key == "neo4j-backup/neo4j_2025-10-08_02-00-00.proof.json"


@given(NAMES)
def test_every_key_that_this_service_gives_is_recognised(name: BackupName) -> None:
    assert parse_key(name.archive_key(compressed=True), name.prefix) == (name, "cypher.gz")
    assert parse_key(name.archive_key(compressed=False), name.prefix) == (name, "cypher")
    for compressed, extension in ((True, "cypher.gz.age"), (False, "cypher.age")):
        key = name.archive_key(compressed=compressed, encrypted=True)
        assert parse_key(key, name.prefix) == (name, extension)
    assert parse_key(name.manifest_key, name.prefix) == (name, "manifest.json")
    assert parse_key(name.acceptance_key, name.prefix) == (name, "accepted.json")
    assert parse_key(name.proof_key, name.prefix) == (name, "proof.json")


@given(
    st.from_regex(
        r"neo4j-backup/[a-z][a-z0-9.-]{2,5}_\d{4}-[0-3]\d-\d\d_\d\d-\d\d-\d\d\.cypher",
        fullmatch=True,
    )
)
@example("neo4j-backup/neo4j_0999-01-01_00-00-00.cypher")
@example("neo4j-backup/neo4j_٢٠٢٥-01-01_00-00-00.cypher")
def test_every_recognised_key_is_one_that_this_service_gives(key: str) -> None:
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
        "neo4j-backup/neo4j_2020-01-01_00-00-00.proof.json.age",
        "neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz.proof.json",
        "neo4j-backup/neo4j_2020-01-01_00-00-00.proof",
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
def test_a_foreign_key_is_not_recognised(key: str) -> None:
    assert parse_key(key, PREFIX) is None


def test_a_key_says_which_database_it_is_of() -> None:
    parsed = parse_key("neo4j-backup/notes_2020-01-01_00-00-00.cypher.gz", PREFIX)
    assert parsed is not None
    assert parsed[0].database == "notes"
