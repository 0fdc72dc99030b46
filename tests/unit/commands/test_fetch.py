"""What `fetch` writes, and where to."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.commands.fetch import fetch
from neo4j_r2.commands.options import FetchOptions
from neo4j_r2.config.settings import Config, read_config
from neo4j_r2.core.errors import BackupError, ConfigurationError, CorruptError, NoKeyError
from neo4j_r2.run.stall_watch import Watch
from tests.archives import some_content
from tests.chains import Chain, Graph, chain_of
from tests.keys import KeyPair
from tests.unit.commands.test_commands import NO_FILE, REQUIRED
from tests.unit.memory_bucket import MemoryBucket

PAIR = KeyPair.new()
OPTIONS = FetchOptions(None, None, None, None, None)
BASE = Graph(
    {number: [number, ["A"], ["key"], [number]] for number in range(20)},
    {number: [number, "T", number, 0, [], []] for number in range(20)},
)
GRAPHS = [
    BASE,
    BASE.changed({3: [3, ["B"], [], []]}, {5: None}),
    BASE.changed({50: [50, [], [], []]}),
]
CHAIN = chain_of(*GRAPHS)
LATEST = "neo4j_2025-10-10_02-00-00.cypher.gz"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; it is empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config() -> Config:
    return read_config(REQUIRED, NO_FILE)


def bucket_of(chain: Chain) -> MemoryBucket:
    bucket = MemoryBucket()
    bucket.content = chain.objects()
    return bucket


def run(bucket: MemoryBucket, options: FetchOptions = OPTIONS, used: Config | None = None) -> None:
    fetch(bucket.bucket, used or config(), options, Watch(60))


def complaint(
    bucket: MemoryBucket, error: type[BackupError], options: FetchOptions = OPTIONS
) -> str:
    """Return why a fetch fails; it leaves nothing behind."""
    before = sorted(Path.cwd().iterdir())
    with pytest.raises(error) as caught:
        run(bucket, options)
    assert sorted(Path.cwd().iterdir()) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_latest_backup_gets_the_name_of_its_archive(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    run(bucket_of(CHAIN))
    assert [path.name for path in directory.iterdir()] == [LATEST]
    assert gzip.decompress((directory / LATEST).read_bytes()) == GRAPHS[2].full(2).text
    assert caplog.messages == [
        f"Fetching neo4j-backup/{LATEST} into {LATEST}",
        f"Complete: {LATEST}, 21 nodes, 20 relationships (0.00 MB)",
    ]


def test_a_key_or_a_time_names_an_older_one(directory: Path) -> None:
    key = CHAIN.archives[1].manifest.archive_key
    run(bucket_of(CHAIN), replace(OPTIONS, key=key, output="by key"))
    run(bucket_of(CHAIN), replace(OPTIONS, at="2025-10-09", output="by time"))
    for name in ("by key", "by time"):
        assert gzip.decompress((directory / name).read_bytes()) == GRAPHS[1].full(1).text


def test_standard_output_gets_nothing_but_the_archive(
    capfdbinary: pytest.CaptureFixture[bytes], directory: Path
) -> None:
    run(bucket_of(CHAIN), replace(OPTIONS, output="-"))
    assert gzip.decompress(capfdbinary.readouterr().out) == GRAPHS[2].full(2).text
    assert list(directory.iterdir()) == []


def test_an_encrypted_backup_is_decrypted(directory: Path) -> None:
    encrypted = chain_of(*GRAPHS, recipients=Recipients([PAIR.public]))
    bucket = bucket_of(encrypted)
    assert "a private key of it is needed" in complaint(bucket, NoKeyError)
    run(bucket, used=replace(config(), private_keys=PAIR.keys))
    assert gzip.decompress((directory / LATEST).read_bytes()) == GRAPHS[2].full(2).text


def test_a_backup_that_is_not_compressed_becomes_gzip(directory: Path) -> None:
    content = some_content()
    archive = content.sealed(compressed=False)
    run(bucket_of(Chain([archive])))
    path = directory / "neo4j_2025-10-08_02-00-00.cypher.gz"
    assert gzip.decompress(path.read_bytes()) == content.text


def test_a_file_that_is_there_is_not_replaced(directory: Path) -> None:
    (directory / LATEST).write_bytes(b"mine")
    assert "exists already" in complaint(bucket_of(CHAIN), ConfigurationError)
    assert (directory / LATEST).read_bytes() == b"mine"


@pytest.mark.parametrize("number", range(3))
def test_a_damaged_archive_leaves_no_file(number: int) -> None:
    bucket = bucket_of(CHAIN)
    key = CHAIN.archives[number].manifest.archive_key
    data = bucket.content[key]
    bucket.content[key] = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    assert f"{key}: " in complaint(bucket, CorruptError)


def test_a_missing_archive_leaves_no_file() -> None:
    bucket = bucket_of(CHAIN)
    missing = CHAIN.archives[1].manifest.archive_key
    del bucket.content[missing]
    newest = replace(OPTIONS, key=CHAIN.newest.manifest.archive_key)
    assert f"{missing} of " in complaint(bucket, CorruptError, newest)


def test_an_archive_of_another_backup_leaves_no_file() -> None:
    bucket = bucket_of(CHAIN)
    other = chain_of(BASE, BASE.changed({3: [3, ["C"], [], []]}, {5: None})).newest
    first = CHAIN.archives[1].manifest
    bucket.content[first.archive_key] = other.data.ljust(first.archive_size, b"\0")
    newest = replace(OPTIONS, key=CHAIN.newest.manifest.archive_key)
    complaint(bucket, CorruptError, newest)


def test_an_archive_alone_is_no_backup() -> None:
    bucket = bucket_of(CHAIN)
    key = CHAIN.archives[0].manifest.archive_key
    del bucket.content[f"{key.partition('.cypher')[0]}.manifest.json"]
    assert "has no manifest" in complaint(bucket, ConfigurationError, replace(OPTIONS, key=key))
    bucket.content["other/export.cypher"] = b"CREATE (n);\n"
    options = replace(OPTIONS, key="other/export.cypher")
    assert "has no manifest" in complaint(bucket, ConfigurationError, options)
