"""The newest calendar release, in both languages: alone, and to and from the LTS.

Each graph is filled and backed up once, and its archive goes into all servers and languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from testbed.cypher_shell import run_cypher_shell
from testbed.fingerprint import Fingerprint, difference
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import everything, widths
from tests.integration.languages import (
    FILTERED,
    LANGUAGES,
    MULTI_LABEL,
    OF_RELATIONSHIPS,
    set_language,
)
from tests.integration.outcome import assert_told
from tests.integration.restoring import (
    Original,
    assert_passes_drill,
    assert_restored,
    contents,
    differences,
    drill,
    restore_elsewhere,
)
from tests.integration.widths import WIDTHS
from tests.service import Service

NEW_VECTOR = (
    "CREATE VECTOR INDEX `added after the upgrade` FOR (n:Place) ON (n.embedding) "
    "OPTIONS {indexConfig: {`vector.dimensions`: 8}}"
)
"""By its name it comes before the vector indexes of the LTS. It has options that the LTS lacks."""
UNKNOWN_TO_THE_LTS = b"vector.default_search_expansion_factor"


@dataclass(frozen=True)
class Kept:
    """A service, its only backup, and the fingerprint of what was backed up."""

    service: Service
    original: Original

    @property
    def text(self) -> bytes:
        """The text of the archive."""
        return self.original.backup.text


def service_of(server: Neo4jServer, s3: S3Server, directory: Path) -> Service:
    """Return the service, configured for a server, with a bucket that is named as its directory."""
    s3.create_bucket(directory.name)
    service = Service.configured(server, s3, directory.name, directory)
    return service.with_variables(BACKUP_EXPORT_METHOD="manual")


def fill(server: Neo4jServer) -> None:
    """Give a server every value, name and schema object, and lists of floats in both widths."""
    with server.driver() as driver:
        everything.fill_values(driver)
        everything.fill_names(driver)
        everything.fill_shapes(driver)
        everything.fill_schema(driver)
        for fill_widths in widths.FILLS:
            fill_widths(driver)


def kept_in_both_languages(server: Neo4jServer, service: Service) -> Kept:
    """Back up what a server holds in both languages, which has to give the same archive."""
    backups = []
    for language in reversed(LANGUAGES):
        set_language(server, language)
        backups.append(service.backup())
    texts = {backup.text.partition(b"\n//\n")[2] for backup in backups}
    assert len(texts) == 1, "without the time, which comes first"
    return Kept(service, Original(backups[-1], contents(server)))


def portable(fingerprint: Fingerprint, *without: str) -> Fingerprint:
    """Return a fingerprint without what differs by release: options, and default lookup indexes."""
    schema = (
        re.sub(r" OPTIONS \{.*\}", "", statement)
        for statement in fingerprint.schema
        if not statement.startswith(("CREATE LOOKUP INDEX `index_", *without))
    )
    return replace(fingerprint, schema=tuple(schema))


def assert_holds(server: Neo4jServer, kept: Kept, *without: str) -> None:
    """Check that a server holds exactly what was backed up, but for the options of indexes.

    :param without: how the statements begin of what it does not hold.
    """
    expected = portable(kept.original.fingerprint, *without)
    assert difference(expected, portable(contents(server))) == ""


@pytest.fixture(scope="module")
def of_newest(newest: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What the newest release held."""
    newest.reset()
    fill(newest)
    service = service_of(newest, s3, tmp_path_factory.mktemp("of-newest"))
    return kept_in_both_languages(newest, service)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a server that is upgraded in place."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def of_lts(store: Path, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What the LTS held before the upgrade."""
    with Neo4jServer(store, apoc=False) as lts:
        fill(lts)
        service = service_of(lts, s3, tmp_path_factory.mktemp("of-lts"))
        return Kept(service, Original(service.backup(), contents(lts)))


@pytest.fixture(scope="module")
def upgraded(store: Path, of_lts: Kept) -> Iterator[Neo4jServer]:
    """The newest release on the store of the LTS."""
    with Neo4jServer(store, calendar=True) as server:
        assert_holds(server, of_lts)
        with server.driver() as driver:
            # The first write upgrades the store. Only then do new indexes have the new options.
            driver.execute_query("CREATE INDEX `first write` FOR (n:Place) ON (n.name)")
            driver.execute_query("DROP INDEX `first write`")
        yield server


@pytest.fixture(scope="module")
def of_upgraded(
    upgraded: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Kept:
    """What the upgraded store held, with an index that was made after the upgrade."""
    with upgraded.driver() as driver:
        driver.execute_query(NEW_VECTOR)
    service = service_of(upgraded, s3, tmp_path_factory.mktemp("of-upgraded"))
    return kept_in_both_languages(upgraded, service)


@pytest.fixture
def with_cypher_25(
    upgraded: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> Iterator[Service]:
    """The service, with a backup of the upgraded store and of indexes that Cypher 5 cannot state.

    They are not in the other backups, because a fingerprint is taken in Cypher 5.
    """
    with upgraded.driver() as driver:
        for statement in (FILTERED, MULTI_LABEL, OF_RELATIONSHIPS):
            driver.execute_query(statement)
        service = Service.configured(upgraded, s3, bucket, tmp_path)
        service.backup()
        yield service
        for name in ("filtered", "`several labels`", "facts"):
            driver.execute_query(f"DROP INDEX {name}")


def test_everything_that_the_newest_release_holds_comes_back_exactly(
    of_newest: Kept, release: Neo4jServer
) -> None:
    original = of_newest.original
    assert all(any(width in line for line in original.fingerprint.storage) for width in WIDTHS)
    run_cypher_shell(release, of_newest.text)
    assert differences(original.fingerprint, release) == ""
    with release.driver() as driver:
        driver.execute_query("MATCH (n) WITH n LIMIT 3 CREATE (n)-[:TO]->(:New {value: 1})")
    run = of_newest.service.run("restore", "--force", "--no-safety-backup")
    assert_restored(run, original, release)


def test_a_backup_of_the_lts_comes_back_on_the_newest_release(
    of_lts: Kept, release: Neo4jServer
) -> None:
    assert_passes_drill(of_lts.service, release)
    run = restore_elsewhere(of_lts.service, release)
    assert run.exit_code == 0, run.log
    assert_holds(release, of_lts)
    release.reset()
    run_cypher_shell(release, of_lts.text)
    assert_holds(release, of_lts)


def test_a_backup_of_the_newest_release_comes_back_on_the_lts(
    of_newest: Kept, target: Neo4jServer
) -> None:
    assert_passes_drill(of_newest.service, target)
    run = restore_elsewhere(of_newest.service, target)
    assert run.exit_code == 0, run.log
    assert_holds(target, of_newest)
    target.reset()
    finished = run_cypher_shell(target, of_newest.text, check=False)
    # The options of the vector indexes, which come last, are new.
    assert UNKNOWN_TO_THE_LTS in finished.stderr
    with target.driver() as driver:
        driver.execute_query("CALL db.awaitIndexes(300)")  # cypher-shell stopped before it did so
    assert_holds(target, of_newest, "CREATE VECTOR INDEX")


def test_cypher_shell_brings_the_lts_all_that_a_store_had_before_it_was_upgraded_in_place(
    of_lts: Kept, of_upgraded: Kept, target: Neo4jServer
) -> None:
    finished = run_cypher_shell(target, of_upgraded.text, check=False)
    assert finished.returncode != 0
    assert UNKNOWN_TO_THE_LTS in finished.stderr
    assert differences(of_lts.original.fingerprint, target) == ""


def test_a_store_that_was_upgraded_in_place_passes_a_drill_and_takes_its_backup_back(
    of_upgraded: Kept, upgraded: Neo4jServer, release: Neo4jServer, language: str
) -> None:
    assert_passes_drill(of_upgraded.service, release)
    set_language(upgraded, language)
    run = of_upgraded.service.run("restore", "--force", "--no-safety-backup")
    assert run.exit_code == 0, run.log
    assert_holds(upgraded, of_upgraded)
    upgraded.reset()
    run_cypher_shell(upgraded, of_upgraded.text)
    assert_holds(upgraded, of_upgraded)


def test_a_drill_brings_back_indexes_that_only_cypher_25_can_state(
    with_cypher_25: Service, release: Neo4jServer
) -> None:
    assert_passes_drill(with_cypher_25, release)


def test_a_drill_on_the_lts_names_the_indexes_that_it_cannot_have(
    with_cypher_25: Service, target: Neo4jServer
) -> None:
    run = drill(with_cypher_25, target)
    assert_told(with_cypher_25, run, 5, f"The drill failed; {target.uri} holds what came back of ")
    missing = re.findall(
        r"Not restored: CYPHER 25 CREATE \w+ INDEX `(.*?)`.*: this Neo4j is too old for it$",
        run.log,
        re.MULTILINE,
    )
    assert sorted(missing) == ["facts", "filtered", "several labels"]
