"""A sample graph of the kind that Graphiti (getzep/graphiti) keeps in Neo4j.

Entities and facts carry embeddings, times and lists of episodes, and the indexes are the ones
that Graphiti's `build_indices_and_constraints` creates. Everything follows from the seed.
"""

import random
import struct
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import LiteralString

from neo4j import Driver, Session

from testbed.graphiti_indexes import FULLTEXT_INDEXES, RANGE_INDEXES
from testbed.rows import Rows

Row = Mapping[str, object]

ENTITIES_PER_EPISODE = 4
ENTITIES_PER_COMMUNITY = 25
FACTS_PER_ENTITY = 2
BATCH_ROWS = 250
_GROUPS = ("team-alpha", "team-beta", "équipe")
_SUB_LABELS = ("Person", "Organization", "Location", "Product", "")
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_PREDICATES = ("WORKS_AT", "LIVES_IN", "KNOWS", "BOUGHT", "IS_PART_OF")
_WORDS = (
    *(
        "quarterly",
        "review",
        "migration",
        "café",
        "Zürich",
        "naïve",
        "東京",
        "данные",
        "🚀",
        "graph",
    ),
    *(
        '"quoted"',
        "it's",
        "back\\slash",
        "tab\there",
        "line\nbreak",
        "{brace}",
        "$dollar",
        "`tick`",
    ),
)

# Graphiti stores embeddings with these procedures, as arrays of 32-bit floats.
_ENTITIES: LiteralString = """
UNWIND $rows AS row CREATE (n:Entity:$(row.labels)) SET n = row.properties
WITH n, row CALL db.create.setNodeVectorProperty(n, 'name_embedding', row.embedding)"""
_EPISODES: LiteralString = "UNWIND $rows AS row CREATE (n:Episodic) SET n = row.properties"
_COMMUNITIES: LiteralString = """
UNWIND $rows AS row CREATE (n:Community) SET n = row.properties
WITH n, row CALL db.create.setNodeVectorProperty(n, 'name_embedding', row.embedding)"""
_FACTS: LiteralString = """
UNWIND $rows AS row
MATCH (a:Entity {uuid: row.start}) MATCH (b:Entity {uuid: row.end})
CREATE (a)-[e:RELATES_TO]->(b) SET e = row.properties
WITH e, row CALL db.create.setRelationshipVectorProperty(e, 'fact_embedding', row.embedding)"""
_MENTIONS: LiteralString = """
UNWIND $rows AS row
MATCH (a:Episodic {uuid: row.start}) MATCH (b:Entity {uuid: row.end})
CREATE (a)-[e:MENTIONS]->(b) SET e = row.properties"""
_MEMBERS: LiteralString = """
UNWIND $rows AS row
MATCH (a:Community {uuid: row.start}) MATCH (b:Entity {uuid: row.end})
CREATE (a)-[e:HAS_MEMBER]->(b) SET e = row.properties"""


@dataclass(frozen=True)
class Size:
    """How many nodes and relationships `fill` created."""

    nodes: int
    relationships: int


def fill(
    driver: Driver,
    *,
    entities: int,
    dimensions: int = 1024,
    seed: int = 0,
    database: str = "neo4j",
) -> Size:
    """Create the indexes and a graph of `entities` entities in an empty database.

    The same arguments give the same graph. Memory doesn't grow with `entities`.
    """
    sample = _Sample(entities, dimensions, seed)
    with driver.session(database=database) as session:
        _create_indexes(session)
        nodes = _load(session, _ENTITIES, sample.entities())
        nodes += _load(session, _EPISODES, sample.episodes())
        nodes += _load(session, _COMMUNITIES, sample.communities())
        relationships = _load(session, _FACTS, sample.facts())
        relationships += _load(session, _MENTIONS, sample.mentions())
        relationships += _load(session, _MEMBERS, sample.members())
        session.run("CALL db.awaitIndexes(600)").consume()
    return Size(nodes, relationships)


def _create_indexes(session: Session) -> None:
    for name, target in RANGE_INDEXES.items():
        session.run(f"CREATE INDEX {name} IF NOT EXISTS FOR {target}").consume()
    for name, target in FULLTEXT_INDEXES.items():
        session.run(f"CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR {target}").consume()
    session.run("CALL db.awaitIndexes(600)").consume()


def _load(session: Session, statement: LiteralString, rows: Iterator[Row]) -> int:
    """Run `statement` for `rows` in batches; returns how many there were."""
    count = 0
    while batch := Rows(islice(rows, BATCH_ROWS)):
        session.run(statement, rows=batch).consume()
        count += len(batch)
    return count


class _Sample:
    """The graph's rows, each derived from the seed, its kind and its number alone."""

    def __init__(self, entities: int, dimensions: int, seed: int) -> None:
        self._entities = range(entities)
        self._episodes = range(-(-entities // ENTITIES_PER_EPISODE))
        self._communities = range(-(-entities // ENTITIES_PER_COMMUNITY))
        self._dimensions = dimensions
        self._seed = seed

    def entities(self) -> Iterator[Row]:
        for number in self._entities:
            generator = self._generator("entity", number)
            label = generator.choice(_SUB_LABELS)
            labels = [label] if label else []
            properties = self._named("entity", number, generator) | {
                "summary": _sentence(generator, 30),
                "labels": ["Entity", *labels],
            }
            if label == "Person":
                properties |= {"age": generator.randrange(100), "active": generator.random() < 0.5}
            yield {"labels": labels, "properties": properties, "embedding": self._vector(generator)}

    def episodes(self) -> Iterator[Row]:
        for number in self._episodes:
            generator = self._generator("episode", number)
            facts = (number * ENTITIES_PER_EPISODE + offset for offset in range(FACTS_PER_ENTITY))
            yield {
                "properties": self._named("episode", number, generator)
                | {
                    "content": _sentence(generator, 80),
                    "source": generator.choice(("message", "text", "json")),
                    "source_description": "chat transcript",
                    "valid_at": _moment(generator),
                    "entity_edges": [self._uuid("fact", fact) for fact in facts],
                }
            }

    def communities(self) -> Iterator[Row]:
        for number in self._communities:
            generator = self._generator("community", number)
            properties = self._named("community", number, generator)
            properties |= {"summary": _sentence(generator, 60)}
            yield {"properties": properties, "embedding": self._vector(generator)}

    def facts(self) -> Iterator[Row]:
        for number in range(len(self._entities) * FACTS_PER_ENTITY):
            generator = self._generator("fact", number)
            start, end = number // FACTS_PER_ENTITY, generator.choice(self._entities)
            episode = start // ENTITIES_PER_EPISODE
            properties = self._edge("fact", number, generator) | {
                "name": generator.choice(_PREDICATES),
                "fact": _sentence(generator, 15),
                "episodes": [self._uuid("episode", episode)],
                "valid_at": _moment(generator),
            }
            if generator.random() < 0.2:  # A fact that a later one has contradicted.
                properties |= {"invalid_at": _moment(generator), "expired_at": _moment(generator)}
            yield {
                "start": self._uuid("entity", start),
                "end": self._uuid("entity", end),
                "properties": properties,
                "embedding": self._vector(generator),
            }

    def mentions(self) -> Iterator[Row]:
        return self._memberships("mention", "episode", ENTITIES_PER_EPISODE)

    def members(self) -> Iterator[Row]:
        return self._memberships("member", "community", ENTITIES_PER_COMMUNITY)

    def _memberships(self, kind: str, container: str, size: int) -> Iterator[Row]:
        for number in self._entities:
            yield {
                "start": self._uuid(container, number // size),
                "end": self._uuid("entity", number),
                "properties": self._edge(kind, number, self._generator(kind, number)),
            }

    def _generator(self, kind: str, number: int) -> random.Random:
        return random.Random(f"{self._seed} {kind} {number}")

    def _uuid(self, kind: str, number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed} {kind} {number}"))

    def _edge(self, kind: str, number: int, generator: random.Random) -> dict[str, object]:
        return {
            "uuid": self._uuid(kind, number),
            "group_id": generator.choice(_GROUPS),
            "created_at": _moment(generator),
        }

    def _named(self, kind: str, number: int, generator: random.Random) -> dict[str, object]:
        name = f"{kind} {number} {_sentence(generator, 2)}"
        return self._edge(kind, number, generator) | {"name": name}

    def _vector(self, generator: random.Random) -> list[float]:
        """Return an embedding. Its numbers are as long as a model's, since they make the size."""
        numbers = struct.unpack(f"<{self._dimensions}i", generator.randbytes(4 * self._dimensions))
        return [number / 2**31 for number in numbers]


def _sentence(generator: random.Random, words: int) -> str:
    return " ".join(generator.choices(_WORDS, k=words))


def _moment(generator: random.Random) -> datetime:
    """A time of 2024 or 2025 in UTC, with microseconds."""
    return _EPOCH + timedelta(microseconds=generator.randrange(730 * 86_400 * 1_000_000))
