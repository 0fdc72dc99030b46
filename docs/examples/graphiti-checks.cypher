// Questions for DRILL_CHECKS, for a graph of Graphiti (getzep/graphiti).
// docs/operations.md, "Questions", says how they are asked. Add those of your own application.

// check: there are entities
// expect: count > 0
MATCH (n:Entity) RETURN count(n) AS count;

// check: there are episodes
// expect: count > 0
MATCH (n:Episodic) RETURN count(n) AS count;

// check: there are facts
// expect: count > 0
MATCH ()-[fact:RELATES_TO]->() RETURN count(fact) AS count;

// check: every entity has a uuid, a name and an embedding
// expect: no rows
MATCH (n:Entity)
WHERE n.uuid IS NULL OR n.name IS NULL OR trim(n.name) = '' OR n.name_embedding IS NULL
RETURN n.uuid;

// check: every fact has a uuid, a text and an embedding
// expect: no rows
MATCH ()-[fact:RELATES_TO]->()
WHERE fact.uuid IS NULL OR fact.fact IS NULL OR trim(fact.fact) = '' OR fact.fact_embedding IS NULL
RETURN fact.uuid;

// check: all embeddings of entities have one length
// expect: lengths <= 1
MATCH (n:Entity) WHERE n.name_embedding IS NOT NULL
RETURN count(DISTINCT size(n.name_embedding)) AS lengths;

// check: all embeddings of facts have one length
// expect: lengths <= 1
MATCH ()-[fact:RELATES_TO]->() WHERE fact.fact_embedding IS NOT NULL
RETURN count(DISTINCT size(fact.fact_embedding)) AS lengths;

// check: no two entities have the same uuid
// expect: no rows
MATCH (n:Entity) WITH n.uuid AS uuid, count(*) AS times WHERE times > 1 RETURN uuid;

// check: no two facts have the same uuid
// expect: no rows
MATCH ()-[fact:RELATES_TO]->() WITH fact.uuid AS uuid, count(*) AS times WHERE times > 1 RETURN uuid;

// Take the next two out if your application removes episodes or facts: their uuids stay behind then.

// check: every episode that a fact names is there
// expect: no rows
MATCH ()-[fact:RELATES_TO]->() UNWIND fact.episodes AS uuid
WITH DISTINCT uuid WHERE NOT EXISTS { (:Episodic {uuid: uuid}) }
RETURN uuid;

// check: every fact that an episode names is there
// expect: no rows
MATCH (n:Episodic) UNWIND n.entity_edges AS uuid
WITH DISTINCT uuid WHERE NOT EXISTS { ()-[:RELATES_TO {uuid: uuid}]->() }
RETURN uuid;

// check: every index is online
// expect: no rows
SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name;

// check: the full-text index of entities answers
// expect: found > 0
CALL db.index.fulltext.queryNodes('node_name_and_summary', '*:*') YIELD node RETURN count(node) AS found;

// check: the full-text index of facts answers
// expect: found > 0
CALL db.index.fulltext.queryRelationships('edge_name_and_fact', '*:*') YIELD relationship
RETURN count(relationship) AS found;
