"""The newest calendar release, in both languages: alone, and to and from the LTS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from testbed.cypher_shell import run_cypher_shell
from testbed.fingerprint import Fingerprint, difference
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import everything, widths
from tests.integration.restoring import (
    Original,
    assert_passes_drill,
    assert_restored,
    contents,
    differences,
    restore_elsewhere,
)
from tests.integration.widths import WIDTHS
from tests.service import Service


def service_of(server: Neo4jServer, s3: S3Server, bucket: str, directory: Path) -> Service:
    """Return the service, configured for a server."""
    service = Service.configured(server, s3, bucket, directory)
    return service.with_variables(BACKUP_EXPORT_METHOD="manual")


def fill(server: Neo4jServer) -> None:
    """Give a server every value, name and schema object, and lists of floats in both widths."""
    with server.driver() as driver:
        everything.fill_values(driver)
        everything.fill_names(driver)
        everything.fill_shapes(driver)
        everything.fill_schema(driver)
        widths.each_under_its_own_key(driver)


def data(fingerprint: Fingerprint) -> Fingerprint:
    """Return a fingerprint without the schema, which releases word differently."""
    return replace(fingerprint, schema=())


def test_everything_that_the_newest_release_holds_comes_back_exactly(
    release: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    fill(release)
    service = service_of(release, s3, bucket, tmp_path)
    original = Original(service.backup(), contents(release))
    assert all(any(width in line for line in original.fingerprint.storage) for width in WIDTHS)
    with release.driver() as driver:
        driver.execute_query("MATCH (n) WITH n LIMIT 3 CREATE (n)-[:TO]->(:New {value: 1})")
    run = service.run("restore", "--force", "--no-safety-backup")
    assert_restored(run, original, release)
    release.reset()
    run_cypher_shell(release, original.backup.text)
    assert differences(original.fingerprint, release) == ""


def test_a_backup_of_the_lts_comes_back_on_the_newest_release(
    release: Neo4jServer, source: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    fill(source)
    service = service_of(source, s3, bucket, tmp_path)
    original = Original(service.backup(), data(contents(source)))
    assert_passes_drill(service, release)
    run = restore_elsewhere(service, release)
    assert run.exit_code == 0, run.log
    assert difference(original.fingerprint, data(contents(release))) == ""
    release.reset()
    run_cypher_shell(release, original.backup.text)
    assert difference(original.fingerprint, data(contents(release))) == ""


def test_a_backup_of_the_newest_release_comes_back_on_the_lts(
    release: Neo4jServer, target: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    fill(release)
    service = service_of(release, s3, bucket, tmp_path)
    original = Original(service.backup(), data(contents(release)))
    assert_passes_drill(service, target)
    run = restore_elsewhere(service, target)
    assert run.exit_code == 0, run.log
    assert difference(original.fingerprint, data(contents(target))) == ""
    target.reset()
    finished = run_cypher_shell(target, original.backup.text, check=False)
    # The options of the two vector indexes, which come last, are new.
    assert b"vector.default_search_expansion_factor" in finished.stderr
    assert difference(original.fingerprint, data(contents(target))) == ""


def test_a_store_that_was_upgraded_in_place_is_backed_up_and_passes_a_drill(
    newest: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    with Neo4jServer(tmp_path / "store", apoc=False) as lts:
        fill(lts)
        before = data(contents(lts))
    with Neo4jServer(tmp_path / "store", calendar=True) as upgraded:
        service = service_of(upgraded, s3, bucket, tmp_path)
        backup = service.backup()
        assert difference(before, data(contents(upgraded))) == ""
        assert_passes_drill(service, newest)
        upgraded.reset()
        run_cypher_shell(upgraded, backup.text)
        assert difference(before, data(contents(upgraded))) == ""
