"""Writes to a small graph that a backup must not miss, chosen at random.

Some change nothing but what a value's text does not show, such as the width of a float. Some
delete and create, so that internal ids are used anew.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final, LiteralString

from neo4j import Driver
from neo4j.exceptions import ClientError

from tests.integration.widths import narrow

_SOME_NODE: LiteralString = "MATCH (n) WITH n ORDER BY id(n) SKIP $one LIMIT 1 "
_TWO_NODES: LiteralString = (
    "MATCH (a) WITH a ORDER BY id(a) SKIP $one LIMIT 1 "
    "MATCH (b) WITH a, b ORDER BY id(b) SKIP $other LIMIT 1 "
)
_SOME_RELATIONSHIP: LiteralString = "MATCH ()-[r]->() WITH r ORDER BY id(r) SKIP $one LIMIT 1 "
_VALUES: Final[tuple[LiteralString, ...]] = (
    "1", "1.0", "true", "'1'", "0.0", "-0.0", "0", "''", "[]", "['']", "[0.0]", "[-0.0]", "[1]",
    "[1.0]", "[true]", "[date('2024-02-29')]", "date('2024-02-29')", "duration('P1M')",
    "point({x: 1, y: 2})", "datetime('2024-02-29T01:02:03[Europe/Paris]')",
    "toFloat('NaN')", "null",
)  # fmt: skip
_TYPES: Final[tuple[LiteralString, ...]] = ("KNOWS", "MET", "`odd ``type`")
_LABELS: Final[tuple[LiteralString, ...]] = (":A", ":B", ":A:B", ":`odd ``label`", "", ":Person")
_NUMBERS: Final = (*narrow(0.1, -1 / 3), 0.0, -0.0, 1.0, 0.5)
"""They are exact in 32 bits. The text of the first tells its width: of lists that have the same
text in both widths under one key, the service knows only the values (docs/design.md)."""
_NARROW: Final[tuple[LiteralString, ...]] = (
    f"{_SOME_NODE} CALL db.create.setNodeVectorProperty(n, 'vector', $numbers)",
    f"{_SOME_RELATIONSHIP} CALL db.create.setRelationshipVectorProperty(r, 'vector', $numbers)",
)
_WIDE: Final[tuple[LiteralString, ...]] = (
    f"{_SOME_NODE} SET n.vector = $numbers",
    f"{_SOME_RELATIONSHIP} SET r.vector = $numbers",
)
_SCHEMA: Final[tuple[LiteralString, ...]] = (
    "CREATE INDEX by_number IF NOT EXISTS FOR (n:Person) ON (n.number)",
    "DROP INDEX by_number IF EXISTS",
    "CREATE INDEX by_value IF NOT EXISTS FOR ()-[r:KNOWS]-() ON (r.value)",
    "DROP INDEX by_value IF EXISTS",
    "CREATE CONSTRAINT once IF NOT EXISTS FOR (n:`odd ``label`) REQUIRE n.only IS UNIQUE",
    "DROP CONSTRAINT once IF EXISTS",
    "CREATE FULLTEXT INDEX words IF NOT EXISTS FOR (n:A|B) ON EACH [n.value]",
    "DROP INDEX words IF EXISTS",
)
PEOPLE: Final = 40
_TEXTS: Final = [random.Random(number).randbytes(200).hex() for number in range(100)]
"""Ballast: a chain ends when its increments are half as large as the full archive."""
_ID_MAINTENANCE_SECONDS: Final = 1.2
"""About once a second the server looks for ids that are free again."""


def fill(driver: Driver) -> None:
    """Create a graph to begin with."""
    driver.execute_query(
        "UNWIND range(0, $people - 1) AS i CREATE (n:Person {number: i, value: i / 2.0}) "
        "WITH collect(n) AS people UNWIND range(0, $people - 2) AS i "
        "WITH people[i] AS a, people[i + 1] AS b CREATE (a)-[:KNOWS {at: a.number}]->(b)",
        people=PEOPLE,
    )
    driver.execute_query("UNWIND $texts AS text CREATE (:Text {text: text})", texts=_TEXTS)


def write(driver: Driver, chance: random.Random) -> None:
    """Commit a few writes."""
    for _ in range(chance.randint(1, 4)):
        chance.choice(_WRITES)(driver, chance)


def write_widths(driver: Driver, chance: random.Random) -> None:
    """Store lists of the same numbers in 32 bits and in 64, at first in one, then in the other."""
    numbers = [_NUMBERS[0], *chance.choices(_NUMBERS, k=chance.randint(0, 3))]
    for place in chance.sample(range(6), 2):
        for statement in (chance.choice(_NARROW), chance.choice(_WIDE))[:: chance.choice((1, -1))]:
            driver.execute_query(statement, one=place, numbers=numbers)


def use_ids_anew(driver: Driver, chance: random.Random) -> int:
    """Delete nodes with their relationships, and create others, which may get their ids.

    Half of the new ones are as the deleted ones were.

    :returns: how many got one.
    """
    (old,) = driver.execute_query(
        "MATCH (n) WITH n ORDER BY id(n) SKIP $one LIMIT $number "
        "WITH n, id(n) AS number DETACH DELETE n RETURN collect(number) AS ids",
        one=_place(chance),
        number=chance.randint(1, 8),
    ).records
    if chance.random() < 0.3:
        time.sleep(_ID_MAINTENANCE_SECONDS)
    (new,) = driver.execute_query(
        "UNWIND range(1, $number) AS i CREATE (n:Person {number: i, value: i / 2.0})"
        "-[:KNOWS {at: i}]->(m) SET m.number = CASE WHEN i % 2 = 0 THEN i END "
        "RETURN collect(id(n)) + collect(id(m)) AS ids",
        number=chance.randint(1, 8),
    ).records
    return len({*old["ids"]} & {*new["ids"]})


def change_schema(driver: Driver, chance: random.Random) -> None:
    """Create or drop an index or a constraint."""
    _try(driver, chance.choice(_SCHEMA))
    driver.execute_query("CALL db.awaitIndexes(60)")


def delete_most(driver: Driver, chance: random.Random) -> None:
    """Delete all but a few nodes."""
    driver.execute_query(
        "MATCH (n) WITH n ORDER BY id(n) SKIP $left DETACH DELETE n", left=chance.randint(0, 9)
    )


def _create_nodes(driver: Driver, chance: random.Random) -> None:
    labels, value = chance.choice(_LABELS), chance.choice(_VALUES)
    _try(
        driver,
        f"UNWIND range(1, $number) AS i CREATE (n{labels} {{value: {value}}}) SET n.number = i",
        number=chance.randint(1, 12),
    )


def _create_relationship(driver: Driver, chance: random.Random) -> None:
    kind, value = chance.choice(_TYPES), chance.choice(_VALUES)
    statement = f"{_TWO_NODES} CREATE (a)-[r:{kind} {{value: {value}}}]->(b)"
    _try(driver, statement, one=_place(chance), other=_place(chance))


def _set_on_node(driver: Driver, chance: random.Random) -> None:
    key = chance.choice(("value", "only", "`odd ``key`"))
    value = chance.choice(_VALUES)
    _try(driver, f"{_SOME_NODE} SET n.{key} = {value}", one=_place(chance))


def _set_on_relationship(driver: Driver, chance: random.Random) -> None:
    value = chance.choice(_VALUES)
    _try(driver, f"{_SOME_RELATIONSHIP} SET r.value = {value}", one=_place(chance))


def _relabel(driver: Driver, chance: random.Random) -> None:
    label = chance.choice(("A", "B", "`odd ``label`", "Person"))
    word = chance.choice(("SET", "REMOVE"))
    _try(driver, f"{_SOME_NODE} {word} n:{label}", one=_place(chance))


def _delete_node(driver: Driver, chance: random.Random) -> None:
    _try(driver, f"{_SOME_NODE} DETACH DELETE n", one=_place(chance))


def _delete_last_nodes(driver: Driver, chance: random.Random) -> None:
    """Delete the nodes with the highest ids: no other row comes behind what is gone then."""
    driver.execute_query(
        "MATCH (n) WITH n ORDER BY id(n) DESC LIMIT $number DETACH DELETE n",
        number=chance.randint(1, 4),
    )


def _delete_relationship(driver: Driver, chance: random.Random) -> None:
    _try(driver, f"{_SOME_RELATIONSHIP} DELETE r", one=_place(chance))


_WRITES: Final[tuple[Callable[[Driver, random.Random], None], ...]] = (
    _create_nodes,
    _create_relationship,
    _create_relationship,
    _set_on_node,
    _set_on_node,
    _set_on_relationship,
    _relabel,
    _delete_node,
    _delete_last_nodes,
    _delete_relationship,
)


def _place(chance: random.Random) -> int:
    return chance.randrange(PEOPLE)


def _try(driver: Driver, statement: LiteralString, **parameters: Any) -> None:
    """Run a statement; one that a constraint refuses changes nothing."""
    try:
        driver.execute_query(statement, parameters)
    except ClientError as error:
        if not (error.code or "").startswith("Neo.ClientError.Schema."):
            raise
