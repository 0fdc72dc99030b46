"""Which backup is drilled, and what is recorded of the look at the bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import timestamp
from neo4j_r2.commands.drill_backup import find_backup, source_databases
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.run.bucket_look import BucketLook
from neo4j_r2.run.drill_state import DrilledDatabase, DrillFile, DrillState, ProofState
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile
from tests.unit.config.test_settings import read
from tests.unit.memory_bucket import NOW, MemoryBucket, manifest_of, name_of

LAST = manifest_of(1, 5, "ours", 0)
KEY = LAST.archive_key
OLD = NOW - timedelta(days=9)
MADE = State(OLD, databases={"neo4j": DatabaseState(OLD, BackupState.of(LAST))})
PROVED = DrilledDatabase(OLD, ProofState(OLD, OLD, KEY, OLD, 1.0, 5, 0, is_stored=True))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return a configuration with a state directory of its own."""
    return read(BACKUP_PREFIX="neo4j-backup").with_state_in(tmp_path)


def test_a_database_that_never_had_a_backup_has_nothing_to_drill(
    config: Config, tmp_path: Path
) -> None:
    StateFile(tmp_path).write(State(OLD))
    assert find_backup(config, MemoryBucket().bucket, "neo4j", None) is None


@pytest.mark.parametrize("is_made", [True, False], ids=["made here", "proved here"])
def test_a_bucket_that_has_lost_all_backups_fails_the_drill_in_one_line(
    config: Config, tmp_path: Path, *, is_made: bool
) -> None:
    if is_made:
        StateFile(tmp_path).write(MADE)
    else:
        DrillFile(tmp_path).write(DrillState(OLD, databases={"neo4j": PROVED}))
    with pytest.raises(CorruptError) as raised:
        find_backup(config, MemoryBucket().bucket, "neo4j", None)
    place = "s3://my-bucket/neo4j-backup/"
    assert str(raised.value).startswith(
        f"{KEY} should be a complete backup, but is none: There is no backup of database neo4j "
        f"under {place}; "
    )
    gone = {"neo4j": [f"{KEY}: it is not in the bucket any more"]} if is_made else {}
    assert BucketLook(tmp_path).read() == gone


def test_an_archive_whose_manifest_is_gone_fails_the_drill_too(
    config: Config, tmp_path: Path
) -> None:
    StateFile(tmp_path).write(MADE)
    memory = MemoryBucket()
    memory.content[memory.add(1).archive_key] = b"an archive"
    del memory.content[f"{KEY.partition('.cypher')[0]}.manifest.json"]
    with pytest.raises(CorruptError, match="should be a complete backup, but is none"):
        find_backup(config, memory.bucket, "neo4j", None)
    assert BucketLook(tmp_path).read() == {"neo4j": [f"{KEY}: it has no manifest"]}


def test_a_look_for_a_backup_takes_no_lock_and_leaves_the_state_alone(
    config: Config, tmp_path: Path
) -> None:
    StateFile(tmp_path).write(MADE)
    memory = MemoryBucket()
    newer = memory.add(0)  # this host does not know it
    newer = replace(newer, started=timestamp(NOW + timedelta(seconds=1)))
    memory.content[name_of(0).manifest_key] = newer.to_json()
    found = find_backup(config, memory.bucket, "neo4j", None)
    assert found is not None
    assert found.label == newer.archive_key
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
    assert StateFile(tmp_path).read() == MADE


@pytest.mark.parametrize(
    ("configured", "expected", "asked"),
    [
        (("neo4j", "movies"), (), ["neo4j", "movies"]),
        (("neo4j",), ("neo4j", "movies"), ["neo4j", "movies"]),
        (ALL_DATABASES, ("neo4j", "movies"), ["neo4j", "movies"]),
        (ALL_DATABASES, (), ["movies"]),
    ],
    ids=["configured", "backed up before", "all", "not known"],
)
def test_all_databases_of_the_source_are_asked_whichever_is_drilled(
    configured: tuple[str, ...], expected: tuple[str, ...], asked: list[str]
) -> None:
    assert source_databases(configured, expected, ["movies"]) == asked
