"""A chain that is found damaged gets no further increment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import ExportSummary, own_need
from neo4j_r2.archive.row_hashes import HASHES_FORMAT
from neo4j_r2.backup.base import Base, ChainPlace, Server
from neo4j_r2.backup.row_state import RowStateWriter, row_state_path
from neo4j_r2.commands.forget_damaged import forgetting_if_damaged
from neo4j_r2.commands.verify import verify_all, verify_latest
from neo4j_r2.config.settings import Config, read_config
from neo4j_r2.core.errors import BucketError, CorruptError, NewerFormatError
from neo4j_r2.restore.findings import Findings
from neo4j_r2.run.stall_watch import Watch
from tests.archives import Archive
from tests.chains import Chain, Graph, chain_of
from tests.full_disk import read_only, small_disk
from tests.unit.commands.test_commands import NO_FILE, REQUIRED
from tests.unit.memory_bucket import MemoryBucket

BASE = Graph({number: [number, ["A"], ["key"], [number]] for number in range(20)}, {})
CHAIN = chain_of(BASE, BASE.changed({3: None}), BASE.changed({4: None}))
LATER = "neo4j-backup/neo4j_2025-11-08_02-00-00.cypher.gz"
TOLD = "The next backup of database neo4j will be a full one"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The configuration of a service with a state directory."""
    return read_config({**REQUIRED, "BACKUP_STATE_DIR": str(tmp_path)}, NO_FILE)


def rows(config: Config, *archives: Archive) -> Path:
    """Write a row state whose next increment needs these archives, and return its path."""
    base = Base(
        format=HASHES_FORMAT,
        key="00",
        place=ChainPlace("neo4j", "its-id", "https://r2.example", "my-bucket", "neo4j-backup", []),
        needs=[own_need(archive.manifest) for archive in archives],
        late=[],
        server=Server("5.26.19", 4711, "0.1.0"),
        bookmark=["b"],
        export=ExportSummary("manual", 1, 0, {}, {}, 0, 0, True, 0),
        row_sums={},
        restore_key={},
        names="",
        schema="",
    )
    path = row_state_path(config.service.state_directory, "neo4j")
    RowStateWriter(path).keep(base.to_json(), replaces=False)
    return path


def damaged(number: int) -> MemoryBucket:
    """Return a bucket in which one of the archives has other bytes."""
    bucket = MemoryBucket()
    bucket.content = CHAIN.objects()
    manifest = CHAIN.archives[number].manifest
    bucket.content[manifest.archive_key] = bytes(manifest.archive_size)
    return bucket


@pytest.mark.parametrize("verify", [verify_all, verify_latest])
def test_a_verify_that_finds_a_chain_damaged_ends_it(
    config: Config, caplog: pytest.LogCaptureFixture, verify: Callable[..., None]
) -> None:
    caplog.set_level(logging.INFO)
    path = rows(config, *CHAIN.archives)
    with pytest.raises(CorruptError):
        verify(damaged(1).bucket, config, None, Watch(60), Findings())
    assert not path.exists()
    assert caplog.messages.count(TOLD) == 1


def test_a_damaged_backup_that_the_next_one_does_not_need_ends_no_chain(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    other = chain_of(BASE).archives[0]
    path = rows(config, replace(other, manifest=replace(other.manifest, archive_key=LATER)))
    with pytest.raises(CorruptError):
        verify_all(damaged(0).bucket, config, None, Watch(60), Findings())
    assert path.exists()
    assert TOLD not in caplog.messages


def test_a_chain_that_cannot_be_ended_is_not_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    disk = tmp_path / "state"
    with small_disk(disk):
        state = read_config({**REQUIRED, "BACKUP_STATE_DIR": str(disk)}, NO_FILE)
        path = rows(state, *CHAIN.archives)
        with read_only(disk), pytest.raises(CorruptError):
            verify_latest(damaged(1).bucket, state, None, Watch(60), Findings())
        assert path.exists()
    assert TOLD not in caplog.messages
    assert "`backup.py backup --full` makes a backup that needs nothing damaged" in caplog.text


@pytest.mark.parametrize("error", [BucketError("R2 failed"), NewerFormatError("a newer one")])
def test_a_failure_that_tells_nothing_of_the_archives_ends_no_chain(
    config: Config, error: Exception
) -> None:
    path = rows(config, *CHAIN.archives)
    with pytest.raises(type(error)), forgetting_if_damaged(config, CHAIN.source()):
        raise error
    assert path.exists()


def test_a_damaged_copy_of_a_backup_ends_no_chain(config: Config) -> None:
    path = rows(config, *CHAIN.archives)
    copy = replace(CHAIN.source(), label="/tmp/copy.cypher.gz")  # noqa: S108 - only a name
    with pytest.raises(CorruptError), forgetting_if_damaged(config, copy):
        raise CorruptError("damaged")
    assert path.exists()


def test_without_a_chain_nothing_is_said(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(CorruptError), forgetting_if_damaged(config, CHAIN.source()):
        raise CorruptError("damaged")
    assert TOLD not in caplog.messages


def test_an_archive_of_the_chain_that_is_found_damaged_ends_it(config: Config) -> None:
    path = rows(config, *CHAIN.archives)
    with (
        pytest.raises(CorruptError),
        forgetting_if_damaged(config, Chain([CHAIN.archives[0]]).source()),
    ):
        raise CorruptError("damaged")
    assert not path.exists()
