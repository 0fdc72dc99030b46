"""A graph of small nodes and relationships: people, and whom they know."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import Final, LiteralString

from neo4j import Driver, Session

from testbed.graphiti import Size
from testbed.rows import Rows

RELATIONSHIPS_PER_NODE: Final = 2
_BATCH_ROWS: Final = 10_000
_LABELS: Final = ("", ":Employee", ":Customer")
_FORENAMES: Final = ("Ada", "Björn", "Chloé", "Daniel", "Elif", "Fatima", "Grace", "Hiro", "Ines")
_SURNAMES: Final = ("Okafor", "Müller", "Novak", "Silva", "Tanaka", "Smith", "Haddad", "Larsen")
_CITIES: Final = ("Zürich", "Lagos", "Osaka", "Porto", "Austin", "Izmir")
_FIRST_DAY: Final = -14_610
"""Of a birth: 1930, in days since 1970."""
_FIRST_SECOND: Final = 1_262_304_000
"""Of a joining: 2010."""

# Times are sent as numbers: the driver takes long to write its own types.
_PEOPLE: Final[dict[str, LiteralString]] = {
    "": "UNWIND $rows AS r CREATE (n:Person)",
    ":Employee": "UNWIND $rows AS r CREATE (n:Person:Employee)",
    ":Customer": "UNWIND $rows AS r CREATE (n:Person:Customer)",
}
_PROPERTIES: Final[LiteralString] = """ SET
  n.id = r[0], n.name = r[1], n.born = date({year: 1970}) + duration({days: r[2]}),
  n.joined = datetime({epochSeconds: r[3]}), n.active = r[4], n.score = r[5], n.city = r[6]
RETURN collect(id(n)) AS ids"""
_KNOWS: Final[LiteralString] = """UNWIND $rows AS r
MATCH (a) WHERE id(a) = r[0] MATCH (b) WHERE id(b) = r[1]
CREATE (a)-[:KNOWS {since: date({year: 1970}) + duration({days: r[2]}), weight: r[3]}]->(b)"""
_SCHEMA: Final[tuple[LiteralString, ...]] = (
    "CREATE CONSTRAINT person_id FOR (n:Person) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX person_name FOR (n:Person) ON (n.name)",
    "CALL db.awaitIndexes(3600)",
)


def fill(driver: Driver, *, entities: int, database: str = "neo4j") -> Size:
    """Create `entities` nodes, two relationships from each, a constraint and an index.

    The database has to be empty. The same number gives the same graph.
    """
    generator = random.Random(entities)
    ids: array[int] = array("q")
    with driver.session(database=database) as session:
        for first in range(0, entities, _BATCH_ROWS):
            numbers = range(first, min(first + _BATCH_ROWS, entities))
            ids.extend(_create_people(session, numbers, generator))
        acquaintances = _acquaintances(ids, generator)
        while rows := Rows(islice(acquaintances, _BATCH_ROWS)):
            session.run(_KNOWS, rows=rows).consume()
        for statement in _SCHEMA:
            session.run(statement).consume()
    return Size(len(ids), len(ids) * RELATIONSHIPS_PER_NODE)


def _create_people(session: Session, numbers: range, generator: random.Random) -> Iterator[int]:
    """Create the people of some numbers; yields their internal ids."""
    rows: dict[str, list[list[object]]] = {label: [] for label in _LABELS}
    for number in numbers:
        rows[generator.choices(_LABELS, (6, 3, 1))[0]].append(_person(number, generator))
    for label, people in rows.items():
        record = session.run(_PEOPLE[label] + _PROPERTIES, rows=Rows(people)).single(strict=True)
        yield from record["ids"]


def _person(number: int, generator: random.Random) -> list[object]:
    name = f"{generator.choice(_FORENAMES)} {generator.choice(_SURNAMES)}"
    return [
        number,
        f"{name} {generator.randrange(10_000)}",
        _FIRST_DAY + generator.randrange(29_000),
        _FIRST_SECOND + generator.randrange(500_000_000),
        generator.random() < 0.8,
        generator.random() * 100,
        generator.choice(_CITIES) if generator.random() < 0.3 else None,
    ]


def _acquaintances(ids: array[int], generator: random.Random) -> Iterator[list[object]]:
    for start in ids:
        for _ in range(RELATIONSHIPS_PER_NODE):
            since = 14_610 + generator.randrange(6_000)
            yield [start, generator.choice(ids), since, generator.random()]
