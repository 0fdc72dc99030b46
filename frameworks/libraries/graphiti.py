# /// script
# requires-python = ">=3.11"
# dependencies = ["graphiti-core==0.31.2", "httpx"]  # which it imports, and does not name
# ///
"""Episodes, entities, facts and a community, with all of its indexes. Hybrid search.

Embedder, cross encoder and LLM are fakes; the last two are never asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from graphiti_core import Graphiti
from graphiti_core.cross_encoder.client import CrossEncoderClient
from graphiti_core.edges import CommunityEdge, EntityEdge, EpisodicEdge
from graphiti_core.embedder.client import EmbedderClient
from graphiti_core.llm_client.client import LLMClient
from graphiti_core.nodes import CommunityNode, EntityNode, EpisodeType, EpisodicNode, Node
from graphiti_core.search.search_config_recipes import COMBINED_HYBRID_SEARCH_RRF

from frameworks.act import Answers, Server
from frameworks.embedding import embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, THINGS, Fact, Thing

_GROUP = "computing"
_FIRST_DAY = datetime(1843, 9, 1, 12, 30, 0, 123456, tzinfo=UTC)


class _Embedder(EmbedderClient):
    async def create(self, input_data: Any) -> list[float]:
        [text] = [input_data] if isinstance(input_data, str) else input_data
        return embedding(text)

    async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
        return [embedding(text) for text in input_data_list]


class _CrossEncoder(CrossEncoderClient):
    async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
        raise NotImplementedError


class _LLM(LLMClient):
    async def _generate_response(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        raise NotImplementedError


async def write(server: Server) -> None:
    """Save what episodes would become: nodes and edges of each kind."""
    async with _graphiti(server) as graphiti:
        await graphiti.build_indices_and_constraints()
        entities = {thing: await _entity(graphiti, thing) for thing in THINGS}
        for day, fact in enumerate(FACTS):
            await _save(graphiti, fact, _FIRST_DAY + timedelta(days=day), entities)
        await _save_community(graphiti, entities.values())


async def search(server: Server) -> Answers:
    """Search in everything, and read the episodes."""
    async with _graphiti(server) as graphiti:
        return {
            **await _find(graphiti, QUESTION),
            "episodes": [
                [each.content, str(each.valid_at), each.source.value]
                for each in await graphiti.retrieve_episodes(datetime.now(UTC), group_ids=[_GROUP])
            ],
        }


async def go_on(server: Server) -> Answers:
    """Save one more fact of an entity that is there."""
    async with _graphiti(server) as graphiti:
        [known] = [
            each
            for each in await EntityNode.get_by_group_ids(graphiti.driver, [_GROUP])
            if each.name == NEW_FACT.target.name
        ]
        new = await _entity(graphiti, NEW_FACT.source)
        entities = {NEW_FACT.source: new, NEW_FACT.target: known}
        await _save(graphiti, NEW_FACT, _FIRST_DAY - timedelta(days=1), entities)
        return await _find(graphiti, NEW_QUESTION)


@asynccontextmanager
async def _graphiti(server: Server) -> AsyncIterator[Graphiti]:
    graphiti = Graphiti(
        server.uri,
        server.user,
        server.password,
        llm_client=_LLM(None),
        embedder=_Embedder(),
        cross_encoder=_CrossEncoder(),
    )
    try:
        yield graphiti
    finally:
        await graphiti.close()


async def _find(graphiti: Graphiti, question: str) -> Answers:
    found = await graphiti.search_(question, COMBINED_HYBRID_SEARCH_RRF, group_ids=[_GROUP])
    facts = await graphiti.search(question, group_ids=[_GROUP])
    return {
        "facts": [[each.fact, str(each.valid_at), each.attributes["certainty"]] for each in facts],
        "entities": [[each.name, each.labels, each.summary] for each in found.nodes],
        "communities": [each.name for each in found.communities],
    }


async def _entity(graphiti: Graphiti, thing: Thing) -> EntityNode:
    entity = EntityNode(
        name=thing.name,
        group_id=_GROUP,
        labels=["Entity", thing.kind],
        summary=f"{thing.kind}: {thing.name}",
        attributes={"known": True, "length": len(thing.name)},
    )
    await entity.generate_name_embedding(graphiti.embedder)
    await entity.save(graphiti.driver)
    return entity


async def _save(
    graphiti: Graphiti, fact: Fact, when: datetime, entities: dict[Thing, EntityNode]
) -> None:
    ends = entities[fact.source], entities[fact.target]
    episode = EpisodicNode(
        name=fact.text[:20],
        group_id=_GROUP,
        source=EpisodeType.text,
        source_description="a history",
        content=fact.text,
        valid_at=when,
    )
    edge = EntityEdge(
        **_between(*ends, when),
        name=fact.relation,
        fact=fact.text,
        episodes=[episode.uuid],
        valid_at=when,
        attributes={"certainty": 0.1},
    )
    await edge.generate_embedding(graphiti.embedder)
    episode.entity_edges = [edge.uuid]
    await episode.save(graphiti.driver)
    await edge.save(graphiti.driver)
    for end in ends:
        await EpisodicEdge(**_between(episode, end, when)).save(graphiti.driver)


async def _save_community(graphiti: Graphiti, members: Iterable[EntityNode]) -> None:
    community = CommunityNode(name="The machine's friends", group_id=_GROUP, summary="All of them")
    await community.generate_name_embedding(graphiti.embedder)
    await community.save(graphiti.driver)
    for member in members:
        membership = CommunityEdge(**_between(community, member, _FIRST_DAY))
        await membership.save(graphiti.driver)


def _between(source: Node, target: Node, when: datetime) -> dict[str, Any]:
    """Return what every edge has."""
    return {
        "group_id": _GROUP,
        "source_node_uuid": source.uuid,
        "target_node_uuid": target.uuid,
        "created_at": when,
    }
