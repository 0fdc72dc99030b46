# /// script
# requires-python = ">=3.11"
# dependencies = ["neo4j-graphrag==1.22.0"]
# ///
"""What SimpleKGPipeline makes of texts, a vector and a full-text index. Three retrievers.

Embedder and LLM are fakes: the LLM finds the known facts in a text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from neo4j import Driver, GraphDatabase
from neo4j_graphrag.embeddings.base import Embedder
from neo4j_graphrag.experimental.pipeline.kg_builder import SimpleKGPipeline
from neo4j_graphrag.indexes import create_fulltext_index, create_vector_index
from neo4j_graphrag.llm import LLMInterface, LLMResponse
from neo4j_graphrag.retrievers import HybridRetriever, VectorCypherRetriever, VectorRetriever
from neo4j_graphrag.schema import get_schema

from frameworks.act import Answers, Server
from frameworks.embedding import DIMENSIONS, embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, Fact
from frameworks.schema_text import schema_lines

_VECTORS, _WORDS = "chunk vectors", "chunk words"
_TOLD = """
MATCH (node)<-[:FROM_CHUNK]-(source)-[fact]->(target:__Entity__)
RETURN node.text AS text, source.name AS source, labels(source) AS labels, type(fact) AS fact,
  fact.text AS told, target.name AS target ORDER BY text, source, target"""


class _Embedder(Embedder):
    def embed_query(self, text: str) -> list[float]:
        return embedding(text)


class _LLM(LLMInterface):
    def invoke(self, input: str, *_: Any, **__: Any) -> LLMResponse:  # noqa: A002
        [fact] = [each for each in (*FACTS, NEW_FACT) if each.text in input]
        nodes = [
            {"id": str(number), "label": thing.kind, "properties": {"name": thing.name}}
            for number, thing in enumerate((fact.source, fact.target))
        ]
        relationship = {
            "type": fact.relation,
            "start_node_id": "0",
            "end_node_id": "1",
            "properties": {"text": fact.text, "certainty": 0.1},
        }
        return LLMResponse(content=json.dumps({"nodes": nodes, "relationships": [relationship]}))

    async def ainvoke(self, input: str, *_: Any, **__: Any) -> LLMResponse:  # noqa: A002
        return self.invoke(input)


async def write(server: Server) -> None:
    """Make the indexes, and let the pipeline read the facts."""
    with _driver(server) as driver:
        create_vector_index(
            driver,
            _VECTORS,
            label="Chunk",
            embedding_property="embedding",
            dimensions=DIMENSIONS,
            similarity_fn="cosine",
        )
        create_fulltext_index(driver, _WORDS, label="Chunk", node_properties=["text"])
        await _read(driver, FACTS)


def search(server: Server) -> Answers:
    """Ask each retriever, and for the schema."""
    with _driver(server) as driver:
        return {"schema": schema_lines(get_schema(driver)), **_find(driver, QUESTION)}


async def go_on(server: Server) -> Answers:
    """Let the pipeline read one more fact."""
    with _driver(server) as driver:
        await _read(driver, [NEW_FACT])
        return _find(driver, NEW_QUESTION)


def _driver(server: Server) -> Driver:
    return GraphDatabase.driver(server.uri, auth=(server.user, server.password))


async def _read(driver: Driver, facts: Sequence[Fact]) -> None:
    pipeline = SimpleKGPipeline(
        _LLM("none"), driver, _Embedder(), schema="FREE", from_file=False, on_error="RAISE"
    )
    for fact in facts:
        await pipeline.run_async(text=fact.text)


def _find(driver: Driver, question: str) -> Answers:
    embedder = _Embedder()
    by_vector = VectorRetriever(driver, _VECTORS, embedder, return_properties=["text"])
    by_both = HybridRetriever(driver, _VECTORS, _WORDS, embedder, return_properties=["text"])
    told = VectorCypherRetriever(driver, _VECTORS, _TOLD, embedder)
    return {
        "by vector": [
            each.content for each in by_vector.search(query_text=question, top_k=3).items
        ],
        "by vector and words": [
            each.content for each in by_both.search(query_text=question, top_k=3).items
        ],
        "told": [each.content for each in told.search(query_text=question, top_k=3).items],
    }
