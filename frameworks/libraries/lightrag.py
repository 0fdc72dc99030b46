# /// script
# requires-python = ">=3.11"
# dependencies = ["lightrag-hku==1.5.7", "neo4j"]
# ///
"""Entities and relations of texts (`ainsert_custom_kg`). Retrieval by keywords, and subgraphs.

Embedder and tokenizer are fakes, and no LLM is asked. Texts and vectors are in files of LightRAG's
own, which a backup of Neo4j does not have.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from lightrag import LightRAG, QueryParam
from lightrag.utils import EmbeddingFunc, Tokenizer

from frameworks.act import Answers, Server
from frameworks.embedding import DIMENSIONS, embedding
from frameworks.facts import FACTS, NEW_FACT, Fact

_FILES = Path("lightrag")


class _Characters:
    """Counts each character as a token: LightRAG's own tokenizer loads its tables from the web."""

    def encode(self, content: str) -> list[int]:
        return [ord(each) for each in content]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))


async def write(server: Server) -> None:
    """Insert the facts with their texts."""
    async with _rag(server) as rag:
        await rag.ainsert_custom_kg(_knowledge(FACTS))


async def search(server: Server) -> Answers:
    """Retrieve what an LLM would be given, and read from the graph."""
    async with _rag(server) as rag:
        return {"labels": await rag.get_graph_labels(), **await _find(rag, FACTS[0])}


async def go_on(server: Server) -> Answers:
    """Insert one more fact of an entity that is there."""
    async with _rag(server) as rag:
        await rag.ainsert_custom_kg(_knowledge([NEW_FACT]))
        return await _find(rag, NEW_FACT)


@asynccontextmanager
async def _rag(server: Server) -> AsyncIterator[LightRAG]:
    os.environ |= {
        "NEO4J_URI": server.uri,
        "NEO4J_USERNAME": server.user,
        "NEO4J_PASSWORD": server.password,
    }
    _FILES.mkdir(exist_ok=True)
    rag = LightRAG(
        working_dir=str(_FILES),
        graph_storage="Neo4JStorage",
        embedding_func=EmbeddingFunc(embedding_dim=DIMENSIONS, func=_embed),
        llm_model_func=_no_llm,
        tokenizer=Tokenizer("characters", _Characters()),
    )
    await rag.initialize_storages()
    try:
        yield rag
    finally:
        await rag.finalize_storages()


async def _embed(texts: list[str], **_: Any) -> Any:
    return np.array([embedding(text) for text in texts])


async def _no_llm(*_: Any, **__: Any) -> str:
    raise NotImplementedError


def _knowledge(facts: Sequence[Fact]) -> dict[str, list[dict[str, object]]]:
    """Return facts as LightRAG takes them; the text of a fact is also its source."""
    return {
        "chunks": [{"content": fact.text, "source_id": fact.text} for fact in facts],
        "entities": [
            {
                "entity_name": thing.name,
                "entity_type": thing.kind,
                "description": f"{thing.kind}: {thing.name}",
                "source_id": fact.text,
            }
            for fact in facts
            for thing in (fact.source, fact.target)
        ],
        "relationships": [
            {
                "src_id": fact.source.name,
                "tgt_id": fact.target.name,
                "description": fact.text,
                "keywords": fact.relation,
                "weight": 1.5,
                "source_id": fact.text,
            }
            for fact in facts
        ],
    }


async def _find(rag: LightRAG, fact: Fact) -> Answers:
    names = fact.source.name, fact.target.name
    asked = QueryParam(mode="hybrid", ll_keywords=[*names], hl_keywords=[fact.relation])
    asked.enable_rerank = False
    data = (await rag.aquery_data(fact.text, asked))["data"]
    graph = await rag.get_knowledge_graph(fact.target.name, max_depth=2)
    return {
        "entities": [[each["entity_name"], each["entity_type"]] for each in data["entities"]],
        "relations": [each["description"] for each in data["relationships"]],
        "texts": [each["content"] for each in data["chunks"]],
        "entity": (await rag.get_entity_info(fact.target.name))["graph_data"]["description"],
        "subgraph": sorted(each.properties["description"] for each in graph.edges),
    }
