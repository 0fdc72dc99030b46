"""Restores that end midway: what they leave, what they say, and what repairs it."""

from __future__ import annotations

import json
import random
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from neo4j_r2.restore.item_cache import KEPT_CHARACTERS
from testbed.fault_proxy import Cut, Fault, FaultProxy, Hold
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import stopped
from testbed.waiting import wait_until
from tests.integration import documents
from tests.integration.old_backups import days_ago, put_backup
from tests.integration.outcome import assert_told
from tests.integration.relay import relay
from tests.integration.restoring import (
    Original,
    assert_left_incomplete,
    assert_restored,
    contents,
    count_nodes,
    differences,
    is_marked,
    unchanged,
)
from tests.integration.writers import WRITES, Writers
from tests.service import Service, finish
from tests.warm_start import WarmProcess

HELD_SECONDS = 60
PROMPTLY = 10
PEOPLE = 2_000
SMALL_NODES = 100_000
"""So many that they need several transactions, but few enough to be kept in memory."""
STALLS_AFTER = 5_000_000
"""Bytes, a quarter of the row; what a socket can hold, and the relay's, is less than the rest."""
WRITES_WHILE_HELD = 50
CORRUPT = 5


@pytest.fixture(scope="module")
def original(
    servers: tuple[Neo4jServer, Neo4jServer],
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Original:
    """A backup of a graph that needs several transactions and is too large for memory."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query("CREATE INDEX FOR (n:Person) ON (n.number)")
        driver.execute_query("CREATE CONSTRAINT FOR (n:Document) REQUIRE n.text IS UNIQUE")
        driver.execute_query(
            "UNWIND range(0, $people - 1) AS i CREATE (:Person {number: i})", people=PEOPLE
        )
        documents.fill(driver, documents=KEPT_CHARACTERS // 6_000, characters=6_000)
        driver.execute_query(
            "UNWIND range(0, $people - 2) AS i "
            "MATCH (a:Person {number: i}), (b:Person {number: i + 1}) CREATE (a)-[:KNOWS]->(b)",
            people=PEOPLE,
        )
    directory = tmp_path_factory.mktemp("large")
    return Original.of(source, s3, directory, BACKUP_EXPORT_METHOD="manual")


@pytest.fixture
def service(
    target: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, configured for `target`, which is empty."""
    return Service.configured(target, s3, bucket, tmp_path).through(proxy)


@pytest.fixture(autouse=True)
def key(service: Service, original: Original) -> str:
    """The key of the original, which is in the service's bucket as a backup of yesterday."""
    _, key = put_backup(service, original.backup, days_ago(1))
    return key


@dataclass(frozen=True)
class Halfway:
    """A restore that has written a part of the archive, and is held while it reads the rest."""

    process: WarmProcess
    hold: Hold


@contextmanager
def halfway(
    service: Service, proxy: FaultProxy, target: Neo4jServer, original: Original, *options: str
) -> Iterator[Halfway]:
    """Have a restore halfway through its second reading of the archive, which is the replay."""
    length = len(original.backup.archive) * 2 // 3
    cut, hold = Cut(length), Hold()
    proxy.inject(Fault("GetObject", cut, nth=2, key_contains=".cypher"))
    proxy.inject(Fault("GetObject", hold, nth=3, key_contains=".cypher"))
    with service.start("restore", *options) as process:
        try:
            assert hold.reached.wait(HELD_SECONDS)
            wait_until(lambda: count_nodes(target) > 0, seconds=HELD_SECONDS, what="some nodes")
            yield Halfway(process, hold)
        finally:
            proxy.clear()
            process.kill()


def assert_force_repairs(service: Service, original: Original, target: Neo4jServer) -> None:
    """Check that --force repeats the whole restore, and that no part of it was kept as a backup."""
    assert is_marked(target)
    run = service.run("restore", "--force")
    assert_restored(run, original, target)
    assert not is_marked(target)
    assert "unfinished restore: no backup of it" in run.log
    assert not any(each.manifest["before_restore"] for each in service.backups())


def test_a_killed_restore_leaves_a_mark_that_stops_backups_until_force_replaces_the_graph(
    service: Service, proxy: FaultProxy, target: Neo4jServer, original: Original
) -> None:
    with halfway(service, proxy, target, original) as restore:
        restore.process.kill()
        restore.process.communicate()
    assert 0 < count_nodes(target) < original.fingerprint.nodes

    backup = service.run()
    again = service.run("restore")

    assert_told(service, backup, 3, "holds an unfinished restore and is not backed up")
    assert_told(service, again, 3, "a restore into it was not finished")
    assert_force_repairs(service, original, target)
    service.backup()


def test_a_killed_restore_of_a_small_archive_leaves_a_mark_too(
    servers: tuple[Neo4jServer, Neo4jServer],
    s3: S3Server,
    service: Service,
    target: Neo4jServer,
    tmp_path: Path,
) -> None:
    """It is replayed from memory, where its check has kept it. So R2 cannot hold it halfway."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query("UNWIND range(1, $number) AS i CREATE (:Small)", number=SMALL_NODES)
    small = Original.of(source, s3, tmp_path, BACKUP_EXPORT_METHOD="manual")
    _, key = put_backup(service, small.backup, days_ago(0.5))
    with service.start("restore", key) as process:
        wait_until(lambda: count_nodes(target) > 0, seconds=HELD_SECONDS, what="some nodes")
        process.kill()
        process.communicate()
    assert 0 < count_nodes(target) < SMALL_NODES

    assert_told(service, service.run(), 3, "holds an unfinished restore and is not backed up")
    assert_force_repairs(service, small, target)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def test_a_signal_ends_a_restore_promptly_and_the_log_says_what_it_left(
    service: Service,
    proxy: FaultProxy,
    target: Neo4jServer,
    original: Original,
    number: signal.Signals,
) -> None:
    with halfway(service, proxy, target, original) as restore:
        restore.process.send_signal(number)
        run = finish(restore.process, PROMPTLY)

    assert_left_incomplete(service, run, 128 + number, f"Interrupted by signal {number.value}")
    assert is_marked(target)


@contextmanager
def taking_no_more(
    service: Service, servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, tmp_path: Path
) -> Iterator[WarmProcess]:
    """Have a restore in the middle of sending a row that its server does not take."""
    source, target = servers
    source.reset()
    with source.driver() as driver:
        documents.fill(driver, documents=1, characters=4 * STALLS_AFTER)
    one = Original.of(source, s3, tmp_path, BACKUP_EXPORT_METHOD="manual")
    _, key = put_backup(service, one.backup, days_ago(0.5))
    with relay(target.port, stalls_after=STALLS_AFTER) as (port, sent):
        service = service.with_variables(NEO4J_URI=f"bolt://127.0.0.1:{port}")
        with service.start("restore", key) as process:
            wait_until(
                lambda: len(sent) >= STALLS_AFTER, seconds=HELD_SECONDS, what="a row being sent"
            )
            yield process


def test_a_signal_while_a_row_is_sent_ends_a_restore_promptly_too(
    service: Service, servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, tmp_path: Path
) -> None:
    with taking_no_more(service, servers, s3, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        run = finish(process, PROMPTLY)

    assert_left_incomplete(service, run, 128 + signal.SIGTERM, "Interrupted by signal 15")


def test_a_restore_ends_at_the_time_limit_if_neo4j_accepts_no_more(
    service: Service, servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, tmp_path: Path
) -> None:
    service = service.with_variables(BACKUP_STALL_SECONDS="6")
    with taking_no_more(service, servers, s3, tmp_path) as process:
        run = finish(process, HELD_SECONDS)

    assert_left_incomplete(service, run, 3, "No progress for 6 s while waiting for Neo4j")


def test_a_restore_can_be_repeated_after_neo4j_went_down_in_the_middle(
    service: Service, proxy: FaultProxy, target: Neo4jServer, original: Original
) -> None:
    with halfway(service, proxy, target, original) as restore, stopped(target):
        restore.hold.release.set()
        run = finish(restore.process, HELD_SECONDS)

    assert_left_incomplete(service, run, 3, "Neo4j connection failed")
    assert_force_repairs(service, original, target)


def test_a_restore_ends_at_the_time_limit_if_r2_stops_answering(
    service: Service, proxy: FaultProxy, target: Neo4jServer, original: Original
) -> None:
    service = service.with_variables(BACKUP_STALL_SECONDS="3")
    with halfway(service, proxy, target, original) as restore:
        run = finish(restore.process, HELD_SECONDS)

    assert_left_incomplete(service, run, 4, "No progress for 3 s while waiting for R2")
    assert is_marked(target)


def test_the_log_counts_what_others_created_during_a_restore(
    service: Service, proxy: FaultProxy, target: Neo4jServer, original: Original
) -> None:
    writers = Writers(target, PEOPLE, ["CREATE (:Late {number: $number})-[:MET]->(:Late)"])
    with halfway(service, proxy, target, original) as restore, writers.writing():
        wait_until(
            lambda: writers.committed >= WRITES_WHILE_HELD, seconds=HELD_SECONDS, what="writes"
        )
        restore.hold.release.set()
        run = finish(restore.process, HELD_SECONDS)

    assert_told(service, run, CORRUPT, "not all is as the archive says")
    assert 'nodes with the labels ["Late"], the archive has 0' in run.log
    assert "relationships of type MET, the archive has 0" in run.log
    assert not is_marked(target)


def test_a_restore_reports_every_change_that_others_made_meanwhile(
    service: Service, target: Neo4jServer
) -> None:
    with target.driver() as driver:
        driver.execute_query(
            "UNWIND range(0, $people - 1) AS i CREATE (:Person {number: i})", people=PEOPLE
        )
    with Writers(target, PEOPLE, WRITES).writing():
        run = service.run("restore", "--force", "--no-safety-backup")

    assert run.exit_code in {3, CORRUPT}, run.log
    assert_told(service, run, run.exit_code, "")
    assert is_marked(target) == (run.exit_code == 3) == ("left incomplete" in run.log)


Damage = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes with one bit changed."""
    position = generator.randrange(len(data))
    bit = 1 << generator.randrange(8)
    return data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :]


def cut(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes without their end, which is longer than a line break."""
    return data[: generator.randrange(1, len(data) - 1)]


def emptied(_data: bytes, _generator: random.Random) -> bytes:
    """Return nothing."""
    return b""


def foreign(data: bytes, generator: random.Random) -> bytes:
    """Return as many bytes that no service wrote."""
    return generator.randbytes(len(data))


def of_a_newer_format(data: bytes, _generator: random.Random) -> bytes:
    """Return a manifest of a version of the service that is yet to come."""
    return json.dumps({**json.loads(data), "format_version": 4711}).encode()


ARCHIVE, MANIFEST = ".cypher.gz", ".manifest.json"
DAMAGES: tuple[tuple[str, Damage, int], ...] = (
    *((ARCHIVE, flipped, seed) for seed in range(3)),
    *((ARCHIVE, cut, seed) for seed in range(2)),
    (MANIFEST, cut, 0),
    *((suffix, damage, 0) for suffix in (ARCHIVE, MANIFEST) for damage in (emptied, foreign)),
    (MANIFEST, of_a_newer_format, 0),
)


@contextmanager
def damaged(service: Service, key: str, damage: Damage, seed: int = 0) -> Iterator[None]:
    """Replace the content of an object while the context is open."""
    content = service.object(key)
    client = service.s3.client()
    body = damage(content, random.Random(seed))
    client.put_object(Bucket=service.bucket, Key=key, Body=body)
    yield
    client.put_object(Bucket=service.bucket, Key=key, Body=content)


@pytest.fixture
def old_graph(target: Neo4jServer) -> Neo4jServer:
    """A server with a graph that a restore would replace."""
    with target.driver() as driver:
        driver.execute_query("CREATE INDEX old FOR (n:Old) ON (n.value)")
        driver.execute_query("CREATE (a:Old {value: 1})-[:IS]->(:Old)")
    return target


def test_a_damaged_backup_changes_nothing(
    service: Service, old_graph: Neo4jServer, key: str
) -> None:
    for suffix, damage, seed in DAMAGES:
        spoilt = key.replace(ARCHIVE, suffix)
        with damaged(service, spoilt, damage, seed), unchanged(old_graph):
            run = service.run("restore", "--force")
        stem, *_ = key.split(".")
        is_newer = damage is of_a_newer_format
        assert_told(service, run, CORRUPT, "format version 4711" if is_newer else stem)
        assert len(service.backups()) == 1, (
            "no safety backup before the archive is known to be good"
        )


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_a_manifest_is_reported_or_does_no_harm(
    service: Service, old_graph: Neo4jServer, original: Original, key: str, seed: int
) -> None:
    before = contents(old_graph)
    manifest = key.replace(ARCHIVE, MANIFEST)
    with damaged(service, manifest, flipped, seed):
        run = service.run("restore", "--force", "--no-safety-backup")

    if run.exit_code == 0:
        assert_restored(run, original, old_graph)
    else:
        assert_told(service, run, CORRUPT, "")
        assert differences(before, old_graph) == ""


def test_damage_is_found_in_the_middle_if_the_check_was_skipped(
    service: Service, target: Neo4jServer, original: Original, key: str
) -> None:
    def near_its_end(data: bytes, _generator: random.Random) -> bytes:
        return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]

    with damaged(service, key, near_its_end):
        run = service.run("restore", "--skip-verify")

    assert_left_incomplete(service, run, CORRUPT, f"{key}: the block of bytes ")
    assert "[WARNING] Not checked first" in run.log
    assert count_nodes(target) > 0
    assert_force_repairs(service, original, target)


@pytest.mark.parametrize("options", [[], ["--skip-verify"]], ids=["checked", "unchecked"])
def test_a_write_before_the_removal_stops_the_restore_and_stays(
    service: Service, proxy: FaultProxy, target: Neo4jServer, options: list[str]
) -> None:
    hold = Hold()
    proxy.inject(Fault("GetObject", hold, key_contains=".cypher"))
    with service.start("restore", *options) as process, target.driver() as driver:
        assert hold.reached.wait(HELD_SECONDS)
        driver.execute_query("CREATE (:Precious)")
        hold.release.set()
        run = finish(process)

    assert_told(service, run, 3, "it has 1 node" if not options else "no data was changed")
    assert count_nodes(target) == 1
    assert not is_marked(target)


def test_a_restore_can_be_repeated_after_a_full_disk(
    service: Service, original: Original, tmp_path: Path
) -> None:
    with Neo4jServer(tmp_path / "small", apoc=False) as server:
        service = service.with_variables(NEO4J_URI=server.uri)
        largest = max(path.stat().st_size for path in (tmp_path / "small").rglob("*"))
        _, unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        limit = (largest + 1_000_000, unlimited)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)

        run = service.run("restore")

        assert_left_incomplete(service, run, 3, "the server says of database neo4j: File too large")
        assert "make room on the disk of the server, and restart Neo4j" in run.log
        with stopped(server):
            pass
        assert_force_repairs(service, original, server)
