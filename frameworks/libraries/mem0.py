# /// script
# requires-python = ">=3.11"
# # It calls langchain-neo4j as that was before 0.5.
# dependencies = ["mem0ai==0.1.118", "langchain-neo4j<0.5", "rank-bm25"]
# ///
"""The graph memory of a user. What is related to the entities that a question names.

Embedder and LLM are fakes: the LLM finds the known facts in a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mem0.configs.base import MemoryConfig
from mem0.memory.graph_memory import MemoryGraph

from frameworks.act import Answers, Server
from frameworks.embedding import embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, THINGS

_USER = {"user_id": "lady-lovelace"}


class _LLM:
    def generate_response(
        self, messages: Sequence[Mapping[str, str]], tools: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        said = messages[-1]["content"]
        facts = [fact for fact in (*FACTS, NEW_FACT) if fact.text in said]
        things = {end for fact in facts for end in (fact.source, fact.target)}
        things |= {thing for thing in (*THINGS, NEW_FACT.source) if thing.name in said}
        answers = {
            "extract_entities": [
                {"entity": each.name, "entity_type": each.kind}
                for each in sorted(things, key=lambda thing: thing.name)
            ],
            "establish_relationships": [
                {
                    "source": each.source.name,
                    "relationship": each.relation,
                    "destination": each.target.name,
                }
                for each in facts
            ],
        }
        tool = tools[0]["function"]["name"]
        call = {"name": tool, "arguments": {"entities": answers.get(tool)}}
        return {"tool_calls": [call] if tool in answers else []}


class _Embedder:
    def embed(self, text: str) -> list[float]:
        return embedding(text.replace("_", " "))


def write(server: Server) -> None:
    """Tell the memory the facts."""
    memory = _memory(server)
    for fact in FACTS:
        memory.add(fact.text, _USER)


def search(server: Server) -> Answers:
    """Ask the memory for what it holds, and for what belongs to a question."""
    return _find(_memory(server), QUESTION)


def go_on(server: Server) -> Answers:
    """Tell the memory one more fact."""
    memory = _memory(server)
    memory.add(NEW_FACT.text, _USER)
    return _find(memory, f"{NEW_FACT.target.name}: {NEW_QUESTION}")


def _memory(server: Server) -> MemoryGraph:
    login = {
        "url": server.uri,
        "username": server.user,
        "password": server.password,
        "database": "neo4j",
        "base_label": True,
    }
    no_key = {"provider": "openai", "config": {"api_key": "none"}}
    memory = MemoryGraph(
        MemoryConfig(
            graph_store={"provider": "neo4j", "config": login}, llm=no_key, embedder=no_key
        )
    )
    memory.llm = _LLM()
    memory.embedding_model = _Embedder()
    return memory


def _find(memory: MemoryGraph, question: str) -> Answers:
    # Sorted: what is equally near comes in the order in which Neo4j finds it.
    return {
        "all": sorted(list(each.values()) for each in memory.get_all(_USER)),
        "found": sorted(list(each.values()) for each in memory.search(question, _USER)),
    }
