"""Generated graphs: any names, values and shapes come back exactly."""

from __future__ import annotations

import os
import struct
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from tests.integration.restoring import (
    Original,
    assert_restored,
    contents,
    differences,
    restore_elsewhere,
)
from tests.service import Service

# The server stores no lone surrogates, and no NUL in a name.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
    st.text(st.sampled_from("`\\u0060\n\t'\";:/*-{}$ aé😀"), min_size=1),
)
SEPARATORS = st.text(st.sampled_from("\n\t\x1c\x1d\x1e\x1f,;|~-.01"), max_size=12)
STRINGS = st.one_of(TEXT, SEPARATORS)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.one_of(
    st.floats(), st.binary(min_size=8, max_size=8).map(lambda data: struct.unpack(">d", data)[0])
)
VALUES = st.one_of(
    st.booleans(),
    INTEGERS,
    FLOATS,
    STRINGS,
    st.lists(st.booleans(), max_size=5),
    st.lists(INTEGERS, max_size=5),
    st.lists(FLOATS, max_size=5),
    st.lists(STRINGS, max_size=5),
)
# Temporal values by their numbers, with the Cypher that makes them: the driver has not all of them.
NUMBERS = st.lists(st.integers(-(10**9), 10**9), min_size=5, max_size=5)
TEMPORAL = (
    "date({year: n[0] % 9999, ordinalDay: 1 + abs(n[1]) % 365})",
    "localtime({hour: abs(n[0]) % 24, nanosecond: 0, minute: abs(n[1]) % 60, second: 5}) "
    "+ duration({nanoseconds: n[2]})",
    "time({hour: abs(n[0]) % 24, timezone: ['Z', '+05:30', '-17:59', '+00:09:21'][abs(n[1]) % 4]})",
    "localdatetime({year: n[0] % 9999, month: 1 + abs(n[1]) % 12}) + duration({nanoseconds: n[2]})",
    "datetime({epochSeconds: n[0] * 100, nanosecond: abs(n[1]) % 1000000000, timezone: "
    "['Z', '+14:00', 'Europe/Paris', 'America/New_York', 'Africa/Monrovia'][abs(n[2]) % 5]})",
    "duration({months: n[0], days: n[1], seconds: n[2], nanoseconds: n[3]})",
    "point({x: n[0] / 7.0, y: n[1] / 1e9})",
    "point({longitude: n[0] % 180, latitude: n[1] % 90, height: n[2] / 3.0})",
)
PROPERTIES = st.dictionaries(NAMES, VALUES, max_size=6)
NODES = st.fixed_dictionaries(
    {"labels": st.lists(NAMES, max_size=3, unique=True), "properties": PROPERTIES}
)
ENDS = st.integers(0, 10**6)
RELATIONSHIPS = st.fixed_dictionaries(
    {"type": NAMES, "start": ENDS, "end": ENDS, "properties": PROPERTIES}
)
GRAPHS = st.fixed_dictionaries(
    {
        "nodes": st.lists(NODES, min_size=1, max_size=60),
        "relationships": st.lists(RELATIONSHIPS, max_size=60),
        "numbers": st.lists(NUMBERS, max_size=20),
    }
)


def create(driver: Driver, graph: dict[str, Any]) -> None:
    driver.execute_query(
        "UNWIND $nodes AS node CREATE (n:$(node.labels)) SET n = node.properties", graph
    )
    driver.execute_query(
        "MATCH (n) WITH collect(n) AS nodes UNWIND $relationships AS each "
        "WITH each, nodes[each.start % size(nodes)] AS a, nodes[each.end % size(nodes)] AS b "
        "CREATE (a)-[r:$(each.type)]->(b) SET r = each.properties",
        graph,
    )
    properties = ", ".join(
        f"v{index}: {text}, list{index}: [n IN $numbers | {text}]"
        for index, text in enumerate(TEMPORAL)
    )
    driver.execute_query(f"UNWIND $numbers AS n CREATE (:Temporal {{{properties}}})", graph)


@settings(
    max_examples=8,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(graph=GRAPHS)
def test_any_graph_comes_back_exactly(
    service: Service, source: Neo4jServer, target: Neo4jServer, graph: dict[str, Any]
) -> None:
    source.reset()
    target.reset()
    with source.driver() as driver:
        create(driver, graph)
    original = Original(
        service.with_variables(BACKUP_EXPORT_METHOD="manual").backup(), contents(source)
    )
    assert original.backup.text.isascii()
    run_cypher_shell(target, original.backup.text, environment={"LC_ALL": "POSIX"})
    assert differences(original.fingerprint, target) == ""
    target.reset()
    assert_restored(restore_elsewhere(service, target), original, target)
