"""An exact fingerprint of a graph and its schema, for comparing two databases.

It doesn't depend on internal ids or on any order, and shares no code with the product that it
judges. Memory grows with the number of nodes and relationships, not with their properties.
"""

from __future__ import annotations  # array[int] exists for type checkers only before 3.12.

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from neo4j import Driver, Record, Session

from testbed.canonical import encode, frame

_MODULUS = 1 << 256
_ROUNDS = 2
_FETCH_SIZE = 200

# Plain values travel as they are. The server describes temporal values, because the driver can't
# decode years outside 1-9999. The flag in the middle keeps a description apart from a list of
# strings that happens to look like one.
_DESCRIBED: LiteralString = """
CASE
  WHEN x IS :: ZONED DATETIME THEN
    [valueType(x), toString(x), x.epochSeconds, x.nanosecond, x.timezone, x.offset]
  WHEN x IS :: DURATION THEN
    [valueType(x), toString(x), x.months, x.days, x.seconds, x.nanosecondsOfSecond]
  ELSE [valueType(x), toString(x)]
END"""
_PROPERTIES: LiteralString = f"""
[pair IN [key IN keys(entity) | [key, entity[key]]] |
  CASE
    WHEN CASE WHEN pair[1] IS :: LIST<ANY> THEN pair[1][0] ELSE pair[1] END
      IS :: ANY<BOOLEAN | INTEGER | FLOAT | STRING | POINT> THEN [pair[0], true, pair[1]]
    WHEN pair[1] IS :: LIST<ANY> THEN [pair[0], false, [x IN pair[1] | {_DESCRIBED}]]
    ELSE [pair[0], false, [x IN [pair[1]] | {_DESCRIBED}][0]]
  END
] AS properties"""
_NODES: LiteralString = f"""
MATCH (entity) RETURN id(entity) AS id, labels(entity) AS labels, {_PROPERTIES}"""
_RELATIONSHIPS: LiteralString = f"""
MATCH (start)-[entity]->(end)
RETURN id(start) AS start, id(end) AS end, type(entity) AS type, {_PROPERTIES}"""
_CONSTRAINTS: LiteralString = (
    "SHOW CONSTRAINTS YIELD createStatement RETURN createStatement AS text"
)
_INDEXES: LiteralString = """
SHOW INDEXES YIELD createStatement, owningConstraint, state WHERE owningConstraint IS NULL
RETURN createStatement + CASE state WHEN 'ONLINE' THEN '' ELSE ' // ' + state END AS text"""
_STORAGE: LiteralString = """
CYPHER 5 CALL db.schema.nodeTypeProperties() YIELD nodeType AS place, propertyName, propertyTypes
UNWIND propertyTypes AS type RETURN place + ' .' + propertyName + ' ' + type AS text
UNION CALL db.schema.relTypeProperties() YIELD relType AS place, propertyName, propertyTypes
UNWIND propertyTypes AS type RETURN place + ' .' + propertyName + ' ' + type AS text"""


@dataclass
class Tally:
    """A multiset of byte strings: how many there are, and the sum of their hashes."""

    count: int = 0
    total: int = 0

    def add(self, digest: bytes) -> None:
        """Count one more element, given by its SHA-256."""
        self.count += 1
        self.total = (self.total + int.from_bytes(digest, "big")) % _MODULUS


@dataclass(frozen=True)
class Fingerprint:
    """Two databases with equal fingerprints have the same graph and schema, except internal ids."""

    tallies: Mapping[str, Tally]
    """The counts by name: all nodes, the nodes of a label set, one property of those nodes, ..."""
    structure: str
    """Each relationship with its endpoints' surroundings, up to _ROUNDS steps away."""
    schema: tuple[str, ...]
    """The sorted statements that create the constraints and the indexes that stand alone."""
    storage: tuple[str, ...]
    """The sorted types, such as FloatArray, in which the store holds the values of each key."""

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return self.tallies["nodes"].count

    @property
    def relationships(self) -> int:
        """How many relationships there are."""
        return self.tallies["relationships"].count


def fingerprint(driver: Driver, database: str = "neo4j") -> Fingerprint:
    """Read all of `database`; nobody should write to it meanwhile."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    tallies["nodes"] = Tally()
    tallies["relationships"] = Tally()
    with driver.session(database=database, fetch_size=_FETCH_SIZE) as session:
        colours = _read_nodes(session, tallies)
        edges = _read_relationships(session, tallies)
        schema = sorted(_texts(session, _CONSTRAINTS) + _texts(session, _INDEXES))
        storage = sorted(_texts(session, _STORAGE))
    for _ in range(_ROUNDS):
        colours = _refine(colours, edges)
    structure = _structure(colours, edges)
    return Fingerprint(dict(tallies), structure, tuple(schema), tuple(storage))


def difference(expected: Fingerprint, actual: Fingerprint) -> str:
    """Return what differs, one line for each finding; empty if nothing does."""
    lines = list(_tally_differences(expected.tallies, actual.tallies))
    if not lines and expected.structure != actual.structure:
        lines.append("the same nodes and relationships are connected differently")
    for what, one, other in (
        ("schema", expected.schema, actual.schema),
        ("storage", expected.storage, actual.storage),
    ):
        lines += [f"{what}, missing: {text}" for text in one if text not in other]
        lines += [f"{what}, extra: {text}" for text in other if text not in one]
    return "\n".join(lines)


def _tally_differences(expected: Mapping[str, Tally], actual: Mapping[str, Tally]) -> Iterator[str]:
    for name in sorted(expected.keys() | actual.keys()):
        one, other = expected.get(name, Tally()), actual.get(name, Tally())
        if one.count != other.count:
            yield f"{name}: expected {one.count}, found {other.count}"
        elif one != other:
            yield f"{name}: {one.count} in both, with different content"


@dataclass
class _Edges:
    """All relationships, in flat memory."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    digests: bytearray = field(default_factory=bytearray)

    def add(self, start: int, end: int, digest: bytes) -> None:
        self.starts.append(start)
        self.ends.append(end)
        self.digests += digest

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        for position, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            yield start, end, bytes(self.digests[position * 32 : position * 32 + 32])


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(frame(parts)).digest()


def _read_nodes(session: Session, tallies: dict[str, Tally]) -> dict[int, bytes]:
    """Return the content hash of each node by its internal id."""
    digests = {}
    for record in session.run(_NODES):
        labels = sorted(record["labels"])
        name = "nodes " + ("".join(f":{label}" for label in labels) or "without a label")
        content = _sha256(frame(map(encode, labels)), _properties(record, name, tallies))
        tallies["nodes"].add(content)
        tallies[name].add(content)
        digests[record["id"]] = content
    return digests


def _read_relationships(session: Session, tallies: dict[str, Tally]) -> _Edges:
    edges = _Edges()
    for record in session.run(_RELATIONSHIPS):
        name = f"relationships :{record['type']}"
        content = _sha256(encode(record["type"]), _properties(record, name, tallies))
        tallies["relationships"].add(content)
        tallies[name].add(content)
        edges.add(record["start"], record["end"], content)
    return edges


def _properties(record: Record, name: str, tallies: dict[str, Tally]) -> bytes:
    """Encode the record's properties in the order of their keys, and tally each of them."""
    encoded = []
    for key, plain, value in sorted(record["properties"], key=lambda triple: str(triple[0])):
        digest = _sha256(encode(key), encode(plain), encode(value))
        tallies[f"{name} .{key}"].add(digest)
        encoded.append(digest)
    return frame(encoded)


def _texts(session: Session, query: LiteralString) -> list[str]:
    return [record["text"] for record in session.run(query)]


def _refine(colours: dict[int, bytes], edges: _Edges) -> dict[int, bytes]:
    """Mix the multisets of its outgoing and incoming edges into each node's hash."""
    outgoing = dict.fromkeys(colours, 0)
    incoming = dict.fromkeys(colours, 0)
    for start, end, digest in edges:
        outgoing[start] += int.from_bytes(_sha256(digest, colours[end]), "big")
        incoming[end] += int.from_bytes(_sha256(digest, colours[start]), "big")
    return {
        node: _sha256(colour, _sum_bytes(outgoing[node]), _sum_bytes(incoming[node]))
        for node, colour in colours.items()
    }


def _structure(colours: dict[int, bytes], edges: _Edges) -> str:
    nodes = sum(int.from_bytes(colour, "big") for colour in colours.values())
    connections = sum(_numbers(colours, edges))
    return _sha256(_sum_bytes(nodes), _sum_bytes(connections)).hex()


def _numbers(colours: dict[int, bytes], edges: _Edges) -> Iterable[int]:
    for start, end, digest in edges:
        yield int.from_bytes(_sha256(digest, colours[start], colours[end]), "big")


def _sum_bytes(total: int) -> bytes:
    return (total % _MODULUS).to_bytes(32, "big")
