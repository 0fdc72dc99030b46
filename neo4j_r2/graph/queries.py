"""The Cypher that reads a graph. It also tells lists of 32-bit floats from those of 64 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.cells.kinds import FLOATS_32

COUNTS: Final = "RETURN COUNT { MATCH (n) } AS nodes, COUNT { MATCH ()-[r]->() } AS relationships"

# No property in Neo4j is a list of lists. So a list of one list is free to be a sign. It costs two
# bytes, and a map would cost those of its keys too. There are two signs:
#   [[]]  a value was left out, as it is too large; `entities` reads it again
#   [X]   X is a list of floats, and its text does not tell their width; `float_widths` finds it
TOO_LARGE: Final[list[list[object]]] = [[]]
"""Stands for a value that is too large to travel with the values of other entities."""
_TOO_LARGE: Final = "[[]]"
_OF_EITHER_WIDTH: Final = "[X]"
"""The sign of a list of floats that are the same text in 32 bits and in 64."""
_ITEM_CHARACTERS: Final = 8
"""An item of a list counts as this many characters, if it is not a string."""
# Neither Bolt nor a Cypher type tells 32-bit floats from 64-bit floats. But toString() writes the
# fewest digits that name a number in its own width, and arithmetic is in 64 bits. `I` is an item.
_IS_64_BIT: Final = "(size(toString(I)) > 16 OR I * 536870913 - (I * 536870913 - I) <> I)"
"""Whether only 64 bits can hold a number: it has more digits than a 32-bit float has, or more than
24 significant bits. To multiply by 2^29 + 1, and to subtract, leaves 24 significant bits of it.
Any other number can be of either width."""
_FLOATS: Final = f"""CASE
        WHEN {_IS_64_BIT.replace("I", "X[0]")} THEN X
        WHEN any(item IN X WHERE toString(item) <> toString(item * 1.0))
          THEN {{type: '{FLOATS_32}', text: X}}
        WHEN any(item IN X WHERE {_IS_64_BIT.replace("I", "item")}) THEN X
        ELSE {_OF_EITHER_WIDTH} END"""
# The server turns temporal values into text. The driver is slow to build them, cannot build years
# outside 1 to 9999, and drops the name of a zone. `X` is one value.
_VALUE: Final = f"""CASE
    WHEN X IS :: STRING THEN CASE WHEN size(X) > $limit THEN {_TOO_LARGE} ELSE X END
    WHEN X IS :: ANY<BOOLEAN | INTEGER | FLOAT | POINT> THEN X
    WHEN X IS :: LIST<ANY> THEN CASE
      WHEN {_ITEM_CHARACTERS} * size(X) > $limit THEN {_TOO_LARGE}
      WHEN X[0] IS :: STRING AND reduce(n = 0, item IN X | n + size(item)) > $limit
        THEN {_TOO_LARGE}
      WHEN size(X) = 0 OR X[0] IS :: ANY<BOOLEAN | INTEGER | STRING | POINT> THEN X
      WHEN X[0] IS :: FLOAT THEN {_FLOATS}
      ELSE {{type: valueType(X[0]), text: [item IN X | toString(item)]}} END
    ELSE {{type: valueType(X), text: toString(X)}} END""".replace("X", "content[key]")
# What alike entities have in common is sent once.
_TOGETHER: Final = f"""keys(content) AS keys,
    collect([key IN keys(content) | {_VALUE}]) AS values, collect(i) AS ids"""
# Each item of `entities` is what `AlikeEntities.of` takes.
_NODE: Final = f"""MATCH (n) WHERE id(n) = i
  WITH i, labels(n) AS labels, properties(n) AS content
  WITH labels, {_TOGETHER}
  RETURN collect([labels, keys, values, ids]) AS entities"""
_RELATIONSHIP: Final = f"""MATCH (a)-[r]->(b) WHERE id(r) = i
  WITH i, type(r) AS kind, id(a) AS a, id(b) AS b, properties(r) AS content
  WITH kind, {_TOGETHER}, collect(a) AS starts, collect(b) AS ends
  RETURN collect([kind, keys, values, ids, starts, ends]) AS entities"""
# A seek for each id. `id(n) >= $first` would scan the whole store. Reading by a label or a property
# index could miss or repeat entities that move in the index meanwhile.
_BY_RANGE: Final = """UNWIND range($first, $last, $batch) AS start
CALL (start) {{
  UNWIND range(start, CASE WHEN start + $batch > $last THEN $last ELSE start + $batch - 1 END) AS i
  {entity}
}} RETURN start, entities"""
_BY_IDS: Final = "UNWIND $ids AS i {entity}"
_ONLY_32_BIT: Final = "WHERE 'FloatArray' IN propertyTypes AND NOT 'DoubleArray' IN propertyTypes"


@dataclass(frozen=True)
class EntityQueries:
    """The queries that read nodes, or those that read relationships."""

    highest_id: str
    by_range: str
    """Takes `first`, `last` and `batch`, the ids in a record; and `limit`, the characters of a
    value above which `TOO_LARGE` takes its place. Returns `start` and `entities` of each record."""
    by_ids: str
    """Takes `ids` and `limit`; returns one record of `entities`."""
    floats_32: str
    """Returns `group` and `key` where the store has lists of 32-bit floats and none of 64."""


NODES: Final = EntityQueries(
    highest_id="MATCH (n) RETURN coalesce(max(id(n)), -1) AS id",
    by_range=_BY_RANGE.format(entity=_NODE),
    by_ids=_BY_IDS.format(entity=_NODE),
    floats_32=f"""CALL db.schema.nodeTypeProperties()
YIELD nodeLabels, propertyName, propertyTypes {_ONLY_32_BIT}
RETURN nodeLabels AS group, propertyName AS key""",
)
RELATIONSHIPS: Final = EntityQueries(
    highest_id="MATCH ()-[r]->() RETURN coalesce(max(id(r)), -1) AS id",
    by_range=_BY_RANGE.format(entity=_RELATIONSHIP),
    by_ids=_BY_IDS.format(entity=_RELATIONSHIP),
    floats_32=f"""CALL db.schema.relTypeProperties()
YIELD relType, propertyName, propertyTypes {_ONLY_32_BIT}
RETURN relType AS group, propertyName AS key""",
)

# The text of nodes and of relationships comes in columns of its own, apart from APOC's text for the
# schema, which is left out.
APOC_EXPORT: Final = """CALL apoc.export.cypher.all(null, {
  stream: true, separateFiles: true, format: 'cypher-shell', batchSize: $batch,
  useOptimizations: {type: 'UNWIND_BATCH', unwindBatchSize: $rows}, timeoutSeconds: 300
}) YIELD batches, rows, nodes, relationships, nodeStatements, relationshipStatements"""
