"""The blocks that a manifest lists, and how few of them a change of the graph changes."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Any, Final

import pytest

from testbed.cypher_shell import run_cypher_shell
from testbed.fingerprint import difference, fingerprint
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import documents
from tests.integration.outcome import assert_whole
from tests.service import Backup, Service

PEOPLE: Final = 21_000
DOCUMENTS: Final = 50
GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
GZIP_MAGIC: Final = b"\x1f\x8b"


@pytest.fixture(scope="module")
def graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a graph of many small nodes, many relationships and some large values."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query(
            "UNWIND range(1, $people) AS i CREATE (:Person {number: i, name: 'P' + i})",
            people=PEOPLE,
        )
        driver.execute_query(
            "MATCH (a:Person) WHERE a.number % 2 = 0 WITH collect(a) AS people "
            "UNWIND range(1, size(people) - 1) AS i "
            "WITH people[i - 1] AS a, people[i] AS b CREATE (a)-[:KNOWS {since: 2024}]->(b)"
        )
        documents.fill(driver, documents=DOCUMENTS, characters=100_000)
    return source


@pytest.fixture
def service(graph: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service."""
    configured = Service.configured(graph, s3, bucket, tmp_path)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual")


@pytest.fixture(scope="module", params=["1", "2", "6", "none"])
def backup(
    request: pytest.FixtureRequest,
    graph: Neo4jServer,
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Backup:
    """A backup by each compressor, and one that is not compressed."""
    bucket = f"blocks-{request.param}"
    s3.create_bucket(bucket)
    service = Service.configured(graph, s3, bucket, tmp_path_factory.mktemp("blocks"))
    setting = (
        {"BACKUP_COMPRESSION": "false"}
        if request.param == "none"
        else {"BACKUP_COMPRESSION_LEVEL": request.param}
    )
    return service.with_variables(BACKUP_EXPORT_METHOD="manual", **setting).backup()


def entity_blocks(backup: Backup) -> dict[tuple[str, int, int], dict[str, Any]]:
    """Return the blocks of nodes or of relationships by their ranges of ids."""
    return {
        (block["kind"], block["first"], block["last"]): block
        for block in backup.manifest["blocks"]
        if block["kind"] in {"nodes", "relationships"}
    }


def stored_bytes(backup: Backup, block: dict[str, Any]) -> bytes:
    return backup.archive[block["offset"] : block["offset"] + block["length"]]


def differing(before: Backup, after: Backup) -> set[str]:
    """Return the kind of each block that is not byte for byte the same."""
    one, other = entity_blocks(before), entity_blocks(after)
    assert one.keys() == other.keys()
    changed = [
        key
        for key in one
        if stored_bytes(before, one[key]) != stored_bytes(after, other[key])
        or one[key]["sha256"] != other[key]["sha256"]
    ]
    assert len(changed) == len({key[0] for key in changed}), changed
    return {key[0] for key in changed}


def test_the_manifests_blocks_cover_the_archive_and_have_the_hashes_of_its_text(
    backup: Backup,
) -> None:
    assert_whole(backup)
    offset = 0
    for block in backup.manifest["blocks"]:
        text = backup.block_text(block)
        assert block["offset"] == offset
        assert block["text_length"] == len(text)
        assert block["sha256"] == hashlib.sha256(text).hexdigest()
        offset += block["length"]
    assert offset == len(backup.archive)
    assert b"".join(map(backup.block_text, backup.manifest["blocks"])) == backup.text
    assert backup.manifest["text_size"] == len(backup.text)


def test_the_blocks_hold_all_entities_in_ranges_that_do_not_overlap(backup: Backup) -> None:
    assert backup.manifest["blocks"][0]["kind"] == "prologue"
    assert backup.manifest["blocks"][-1]["kind"] == "epilogue"
    for kind, count in (
        ("nodes", PEOPLE + 2 * DOCUMENTS),
        ("relationships", PEOPLE // 2 - 1 + DOCUMENTS),
    ):
        rows = [block for key, block in entity_blocks(backup).items() if key[0] == kind]
        assert sum(block["entities"] for block in rows) == count
        assert backup.manifest["export"][kind] == count
        assert len(rows) > 1
        ends = [-1]
        for block in rows:
            assert ends[-1] < block["first"] <= block["last"]
            assert 0 < block["entities"] <= block["last"] - block["first"] + 1
            ends.append(block["last"])


def test_each_block_of_a_compressed_archive_is_a_gzip_member_of_its_own(backup: Backup) -> None:
    is_compressed = backup.manifest["archive_key"].endswith(".cypher.gz")
    for block in backup.manifest["blocks"]:
        data = stored_bytes(backup, block)
        assert data.startswith(GZIP_MAGIC) == is_compressed
        if is_compressed:
            member = zlib.decompressobj(GZIP_WINDOW)
            member.decompress(data)
            assert member.eof
            assert member.unused_data == b""


def test_the_last_line_tells_that_the_archive_is_complete(backup: Backup) -> None:
    export = backup.manifest["export"]
    nodes, relationships = export["nodes"], export["relationships"]
    expected = f"// End of export: {nodes} nodes, {relationships} relationships\n"

    assert backup.text.splitlines(keepends=True)[-1] == expected.encode()
    assert backup.text.count(b"// End of export: ") == 2  # in the header's explanation, too


def test_blocks_of_an_unchanged_graph_stay_the_same(service: Service) -> None:
    assert differing(service.backup(), service.backup()) == set()


def test_a_changed_node_changes_only_its_block(service: Service, graph: Neo4jServer) -> None:
    before = service.backup()
    with graph.driver() as driver:
        driver.execute_query("MATCH (n:Person {number: 9_999}) SET n.name = 'somebody else'")

    assert differing(before, service.backup()) == {"nodes"}


def test_a_changed_relationship_changes_only_its_block(
    service: Service, graph: Neo4jServer
) -> None:
    before = service.backup()
    with graph.driver() as driver:
        driver.execute_query("MATCH (:Person {number: 5_000})-[r:KNOWS]->() SET r.since = 2025")

    assert differing(before, service.backup()) == {"relationships"}


def test_a_block_does_not_depend_on_the_order_of_changes_to_a_node(
    service: Service, graph: Neo4jServer
) -> None:
    before = service.backup()
    with graph.driver() as driver:
        driver.execute_query("MATCH (n:Person {number: 7}) SET n.extra = 1, n.number = 8")
        driver.execute_query("MATCH (n:Person {name: 'P7'}) REMOVE n.extra, n:Person, n.name")
        driver.execute_query("MATCH (n {number: 8}) WHERE n.name IS NULL SET n.name = 'P7'")
        driver.execute_query("MATCH (n {name: 'P7'}) SET n:Person, n.number = 7")

    assert differing(before, service.backup()) == set()


def test_an_uncompressed_archive_is_a_plain_script_that_restores(
    service: Service, graph: Neo4jServer, target: Neo4jServer
) -> None:
    backup = service.with_variables(BACKUP_COMPRESSION="false").backup()

    assert backup.manifest["archive_key"].endswith(".cypher")
    assert backup.archive.startswith(b"// Neo4j Database Export\n// Database: neo4j\n// Exported: ")
    run_cypher_shell(target, backup.archive)
    with graph.driver() as one, target.driver() as other:
        assert difference(fingerprint(one), fingerprint(other)) == ""
