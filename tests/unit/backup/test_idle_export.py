"""When a database surely is as it was at the backup before, so that nobody need read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import pytest

from neo4j_r2.backup.base import Base, Server
from neo4j_r2.backup.idle_export import is_idle
from neo4j_r2.graph.reader import Graph
from tests.unit.backup.test_base import BASE

SERVER = BASE.server


@dataclass(frozen=True)
class _FakeGraph:
    """The calls of a `Graph` that tell whether something was committed."""

    last: frozenset[str] = frozenset(BASE.bookmark)
    nodes: int = BASE.export.nodes
    relationships: int = BASE.export.relationships

    @property
    def connection(self) -> _FakeGraph:
        return self

    @property
    def catalogue(self) -> _FakeGraph:
        return self

    def bookmark(self) -> frozenset[str]:
        return self.last

    def counts(self) -> tuple[int, int]:
        return self.nodes, self.relationships


def idle(graph: _FakeGraph, base: Base = BASE, server: Server = SERVER) -> bool:
    return is_idle(cast(Graph, graph), base, server)


def test_a_database_is_idle_if_nothing_differs() -> None:
    assert idle(_FakeGraph())


@pytest.mark.parametrize(
    "graph",
    [
        _FakeGraph(last=frozenset({"another"})),
        _FakeGraph(last=frozenset()),
        _FakeGraph(nodes=BASE.export.nodes + 1),
        _FakeGraph(relationships=BASE.export.relationships + 1),
    ],
)
def test_another_bookmark_or_other_counts_take_a_walk(graph: _FakeGraph) -> None:
    assert not idle(graph)


@pytest.mark.parametrize(
    "server",
    [
        replace(SERVER, version="5.26.20"),
        replace(SERVER, started=SERVER.started + 1),
        replace(SERVER, service_version="0.2.0"),
    ],
)
def test_another_process_or_version_takes_a_walk(server: Server) -> None:
    assert not idle(_FakeGraph(), server=server)


def test_a_process_of_which_nobody_knows_when_it_started_takes_a_walk() -> None:
    unknown = replace(SERVER, started=0)
    assert not idle(_FakeGraph(), replace(BASE, server=unknown), unknown)


@pytest.mark.parametrize("change", [{"bookmark": []}, {"late": [7]}])
def test_a_base_that_was_read_while_somebody_wrote_takes_a_walk(change: dict[str, object]) -> None:
    nothing = frozenset[str]()
    graph = _FakeGraph(last=nothing) if "bookmark" in change else _FakeGraph()
    assert not idle(graph, replace(BASE, **change))  # type: ignore[arg-type]
