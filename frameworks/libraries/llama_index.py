# /// script
# requires-python = ">=3.11"
# dependencies = ["llama-index-graph-stores-neo4j==0.8.0"]
# ///
"""A property graph store with chunks, entities and relations. Vector search, triplets, its schema.

The vectors are made without a model.
"""

from __future__ import annotations

from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.vector_stores.types import VectorStoreQuery
from llama_index.graph_stores.neo4j import Neo4jPropertyGraphStore

from frameworks.act import Answers, Server
from frameworks.embedding import embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, Fact
from frameworks.schema_text import schema_lines


def write(server: Server) -> None:
    """Make the store's indexes, and insert the facts."""
    store = _store(server)
    for fact in FACTS:
        _insert(store, fact)


def search(server: Server) -> Answers:
    """Ask for entities with their types, for what they are related to, and for the schema."""
    store = _store(server)
    nodes = store.get(ids=["Ada Lovelace", "Analytical Engine", FACTS[0].text])
    entities = [each for each in nodes if isinstance(each, EntityNode)]
    return {
        "nodes": sorted([each.id, each.label, each.properties] for each in nodes),
        "triplets": sorted(map(_told, store.get_triplets(entity_names=["Ada Lovelace"]))),
        "surroundings": sorted(map(_told, store.get_rel_map(entities, depth=2))),
        "schema": schema_lines(store.get_schema_str()),
        **_find(store, QUESTION),
    }


def go_on(server: Server) -> Answers:
    """Insert one more fact of an entity that is there."""
    store = _store(server)
    _insert(store, NEW_FACT)
    return {
        "triplets": sorted(map(_told, store.get_triplets(entity_names=[NEW_FACT.target.name]))),
        **_find(store, NEW_QUESTION),
    }


def _store(server: Server) -> Neo4jPropertyGraphStore:
    return Neo4jPropertyGraphStore(
        username=server.user, password=server.password, url=server.uri, refresh_schema=True
    )


def _insert(store: Neo4jPropertyGraphStore, fact: Fact) -> None:
    chunk = ChunkNode(text=fact.text, id_=fact.text, properties={"length": len(fact.text)})
    chunk.embedding = embedding(fact.text)
    ends = [
        EntityNode(
            name=thing.name,
            label=thing.kind,
            embedding=embedding(thing.name),
            properties={"triplet_source_id": chunk.id, "certainty": 0.1},
        )
        for thing in (fact.source, fact.target)
    ]
    relation = Relation(
        label=fact.relation,
        source_id=ends[0].id,
        target_id=ends[1].id,
        properties={"text": fact.text, "triplet_source_id": chunk.id},
    )
    store.upsert_nodes([chunk, *ends])
    store.upsert_relations([relation])


def _told(triplet: tuple[EntityNode, Relation, EntityNode]) -> list[object]:
    source, relation, target = triplet
    ends = [[each.name, each.label] for each in (source, target)]
    return [ends, relation.label, relation.properties["text"]]


def _find(store: Neo4jPropertyGraphStore, question: str) -> Answers:
    nodes, _ = store.vector_query(
        VectorStoreQuery(query_embedding=embedding(question), similarity_top_k=3)
    )
    return {"by vector": [[each.name, each.label] for each in nodes]}
