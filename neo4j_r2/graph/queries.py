"""The Cypher by which a graph is read."""

from __future__ import annotations

from typing import Final

from neo4j_r2.archive.cells.kinds import FLOATS_32

COUNTS: Final = "RETURN COUNT { MATCH (n) } AS nodes, COUNT { MATCH ()-[r]->() } AS relationships"

# No property is a list of lists: what is one says something of a value.
LARGE: Final[list[list[object]]] = [[]]
"""Stands for a value that is too large to travel with those of other entities."""
_ITEM_CHARACTERS: Final = 8
"""What an item of a list counts for, if it is no string."""
_LARGE: Final = "[[]]"
# Neither Bolt nor a type tells 32-bit floats, but toString() writes the fewest digits that name a
# number in its own width, and arithmetic is in 64 bits. `I` is an item.
_IS_64_BIT: Final = "(size(toString(I)) > 16 OR I * 536870913 - (I * 536870913 - I) <> I)"
"""Whether a number has more digits than any of 32 bits, or more than the 24 significant bits that
multiplying by 2^29 + 1, and subtracting, leaves of it. Any other can be of either width."""
_FLOATS: Final = f"""CASE
        WHEN {_IS_64_BIT.replace("I", "X[0]")} THEN X
        WHEN any(item IN X WHERE toString(item) <> toString(item * 1.0))
          THEN {{type: '{FLOATS_32}', text: X}}
        WHEN any(item IN X WHERE {_IS_64_BIT.replace("I", "item")}) THEN X
        ELSE [X] END"""
# Temporal values become text on the server: the driver is slow to build them, cannot build years
# outside 1 to 9999, and drops the named zone. `X` is one value.
_VALUE: Final = f"""CASE
    WHEN X IS :: STRING THEN CASE WHEN size(X) > $limit THEN {_LARGE} ELSE X END
    WHEN X IS :: ANY<BOOLEAN | INTEGER | FLOAT | POINT> THEN X
    WHEN X IS :: LIST<ANY> THEN CASE
      WHEN {_ITEM_CHARACTERS} * size(X) > $limit THEN {_LARGE}
      WHEN X[0] IS :: STRING AND reduce(n = 0, item IN X | n + size(item)) > $limit THEN {_LARGE}
      WHEN size(X) = 0 OR X[0] IS :: ANY<BOOLEAN | INTEGER | STRING | POINT> THEN X
      WHEN X[0] IS :: FLOAT THEN {_FLOATS}
      ELSE {{type: valueType(X[0]), text: [item IN X | toString(item)]}} END
    ELSE {{type: valueType(X), text: toString(X)}} END""".replace("X", "content[key]")
_PROPERTIES: Final = f"keys(content), [key IN keys(content) | {_VALUE}]"
NODE: Final = f"""MATCH (n) WHERE id(n) = i WITH i, n, properties(n) AS content
  RETURN collect([i, labels(n), {_PROPERTIES}]) AS entities"""
RELATIONSHIP: Final = f"""MATCH (a)-[r]->(b) WHERE id(r) = i
  WITH i, type(r) AS kind, id(a) AS a, id(b) AS b, properties(r) AS content
  RETURN collect([i, kind, a, b, {_PROPERTIES}]) AS entities"""
# A seek for each id. `id(n) >= $first` would scan the whole store, and collecting over a label or
# property index could miss or repeat entities that move in it meanwhile.
BY_RANGE: Final = """CYPHER 5 UNWIND range($first, $last, $batch) AS start
CALL (start) {{
  UNWIND range(start, CASE WHEN start + $batch > $last THEN $last ELSE start + $batch - 1 END) AS i
  {entity}
}} RETURN start, entities"""
BY_IDS: Final = """CYPHER 5 UNWIND $ids AS i {entity}"""
_ONLY_32_BIT: Final = "WHERE 'FloatArray' IN propertyTypes AND NOT 'DoubleArray' IN propertyTypes"
FLOATS_32_OF_NODES: Final = f"""CALL db.schema.nodeTypeProperties()
YIELD nodeLabels, propertyName, propertyTypes {_ONLY_32_BIT}
RETURN nodeLabels AS group, propertyName AS key"""
FLOATS_32_OF_RELATIONSHIPS: Final = f"""CALL db.schema.relTypeProperties()
YIELD relType, propertyName, propertyTypes {_ONLY_32_BIT}
RETURN relType AS group, propertyName AS key"""

# Separate files come as separate columns, so that the schema's statements can be left out.
APOC_EXPORT: Final = """CALL apoc.export.cypher.all(null, {
  stream: true, separateFiles: true, format: 'cypher-shell', batchSize: $batch,
  useOptimizations: {type: 'UNWIND_BATCH', unwindBatchSize: $rows}, timeoutSeconds: 300
}) YIELD batches, rows, nodes, relationships, nodeStatements, relationshipStatements"""
