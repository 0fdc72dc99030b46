"""The indexes that Graphiti creates on Neo4j: names and targets."""

from collections.abc import Mapping
from typing import LiteralString

RANGE_INDEXES: Mapping[LiteralString, LiteralString] = {
    "entity_uuid": "(n:Entity) ON (n.uuid)",
    "episode_uuid": "(n:Episodic) ON (n.uuid)",
    "community_uuid": "(n:Community) ON (n.uuid)",
    "relation_uuid": "()-[e:RELATES_TO]-() ON (e.uuid)",
    "mention_uuid": "()-[e:MENTIONS]-() ON (e.uuid)",
    "has_member_uuid": "()-[e:HAS_MEMBER]-() ON (e.uuid)",
    "entity_group_id": "(n:Entity) ON (n.group_id)",
    "episode_group_id": "(n:Episodic) ON (n.group_id)",
    "community_group_id": "(n:Community) ON (n.group_id)",
    "relation_group_id": "()-[e:RELATES_TO]-() ON (e.group_id)",
    "mention_group_id": "()-[e:MENTIONS]-() ON (e.group_id)",
    "name_entity_index": "(n:Entity) ON (n.name)",
    "created_at_entity_index": "(n:Entity) ON (n.created_at)",
    "created_at_episodic_index": "(n:Episodic) ON (n.created_at)",
    "valid_at_episodic_index": "(n:Episodic) ON (n.valid_at)",
    "name_edge_index": "()-[e:RELATES_TO]-() ON (e.name)",
    "created_at_edge_index": "()-[e:RELATES_TO]-() ON (e.created_at)",
    "expired_at_edge_index": "()-[e:RELATES_TO]-() ON (e.expired_at)",
    "valid_at_edge_index": "()-[e:RELATES_TO]-() ON (e.valid_at)",
    "invalid_at_edge_index": "()-[e:RELATES_TO]-() ON (e.invalid_at)",
}
FULLTEXT_INDEXES: Mapping[LiteralString, LiteralString] = {
    "episode_content": (
        "(e:Episodic) ON EACH [e.content, e.source, e.source_description, e.group_id]"
    ),
    "node_name_and_summary": "(n:Entity) ON EACH [n.name, n.summary, n.group_id]",
    "community_name": "(n:Community) ON EACH [n.name, n.group_id]",
    "edge_name_and_fact": "()-[e:RELATES_TO]-() ON EACH [e.name, e.fact, e.group_id]",
}
