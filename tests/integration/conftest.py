"""Servers and graphs that several of these modules back up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.neo4j_server import Neo4jServer
from tests.integration import documents
from tests.integration.languages import LANGUAGES, in_language


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """The newest calendar release, its database in Cypher 5, as an upgrade in place leaves it."""
    with Neo4jServer(tmp_path_factory.mktemp("newest"), calendar=True) as server:
        yield server


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server of the module's own.

    A server never forgets a name, and each increment has all names. On one that other modules have
    used, the increments of a small graph are soon half as large as the full backup.
    """
    with Neo4jServer(tmp_path_factory.mktemp("fresh")) as server:
        yield server


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Return one of the languages after the other."""
    name: str = request.param
    return name


@pytest.fixture
def release(newest: Neo4jServer, language: str) -> Iterator[Neo4jServer]:
    """The newest release, empty, its database in one of the languages."""
    with in_language(newest, language):
        yield newest


@pytest.fixture(scope="module")
def graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a graph of one node; modules that need more make their own."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query("CREATE (:Lonely)")
    return source


@pytest.fixture(scope="module")
def long_graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a graph that is not read to its end while its first part is held."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        documents.fill(driver, documents=4_000, characters=10_000)
    return source
