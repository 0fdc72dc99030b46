"""Parses the statements of APOC's Cypher exports and of the specification's own format.

Each is read to its last character. Whatever is not one of these statements is refused.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from neo4j_r2.archive.foreign.creation import PROPERTIES, Creation, NodeKey
from neo4j_r2.archive.foreign.import_names import (
    IMPORT_KEY,
    IMPORT_LABEL,
    RELATIONSHIP_IMPORT_KEY,
)
from neo4j_r2.archive.text.scanner import KeyPath, Scanner
from neo4j_r2.core.errors import CorruptError

MERGE_REFUSED: Final = "MERGE is supported only in the forms that APOC writes"
_APOC_VARIABLES: Final = {"n1", "n2"}
_IMPORT_KEY_PATHS: Final = frozenset({(PROPERTIES, RELATIONSHIP_IMPORT_KEY)})
_NODE_IN_FILE: Final = NodeKey((IMPORT_LABEL,), (PROPERTIES,), ((IMPORT_KEY, IMPORT_KEY),))


def parse_row(scanner: Scanner) -> frozenset[KeyPath]:
    """Take one row of the list behind UNWIND; return the paths of its maps."""
    scanner.map(())
    return frozenset(scanner.maps)


@lru_cache(maxsize=1024)
def parse_rows_creation(text: str) -> Creation:
    """Return what a statement creates for each row.

    :param text: what follows the rows.
    """
    scanner = Scanner(text)
    if not scanner.take("as"):  # APOC 3.4
        scanner.expect("AS")
    scanner.expect("row")
    creation = _endpoints(scanner) if scanner.is_next("MATCH") else _row_node(scanner)
    scanner.end()
    return creation


def row_maps(creation: Creation) -> frozenset[KeyPath]:
    """Return the paths of the maps that the rows of a statement must have."""
    return frozenset({(), (PROPERTIES,), *(key.path for key in creation.keys)})


def _row_node(scanner: Scanner) -> Creation:
    is_merge = _merges(scanner)
    key = _row_key(scanner, "n", ())
    if is_merge:
        _take_on_create(scanner)
    scanner.expect("SET", "n", "+=", "row", ".", PROPERTIES)
    labels = [] if key.is_temporary else list(key.labels)
    if scanner.take("SET"):
        scanner.expect("n")
        labels += _labels(scanner)
    return _node(labels, key)


def _endpoints(scanner: Scanner) -> Creation:
    keys = []
    for variable in ("start", "end"):
        scanner.expect("MATCH")
        keys.append(_row_key(scanner, variable, (variable,)))
    is_merge = _merges(scanner)
    scanner.expect("(", "start", ")", "-", "[", "r", ":")
    kind = scanner.name()
    ignored: frozenset[KeyPath] = frozenset()
    if scanner.take("{"):
        scanner.expect(f"`{RELATIONSHIP_IMPORT_KEY}`", ":", "row", ".", "id", "}")
        ignored = frozenset({("id",)})
    scanner.expect("]", "->", "(", "end", ")")
    if is_merge:
        _take_on_create(scanner)
    scanner.expect("SET", "r", "+=", "row", ".", PROPERTIES)
    return Creation("relationship", (kind,), tuple(keys), ignored)


def _merges(scanner: Scanner) -> bool:
    """Take MERGE or CREATE; return whether it was MERGE."""
    if scanner.take("MERGE"):
        return True
    scanner.expect("CREATE")
    return False


def _take_on_create(scanner: Scanner) -> None:
    """Take ON CREATE, if it is next: the target is empty, so every MERGE creates."""
    if scanner.take("ON"):
        scanner.expect("CREATE")


def _row_key(scanner: Scanner, variable: str, path: KeyPath) -> NodeKey:
    """Take a node whose key are values of the row, in the map at a path."""
    scanner.expect("(", variable, ":")
    label = scanner.name()
    names: list[tuple[str, str]] = []
    scanner.expect("{")
    while not names or scanner.take(","):
        name = scanner.name()
        scanner.expect(":", "row", ".")
        for key in path:
            scanner.expect(key, ".")
        field = scanner.name()
        if field != name and (label, name, field) != (IMPORT_LABEL, IMPORT_KEY, "_id"):
            raise CorruptError(f"the property {name!r} is read from {field!r}")
        names.append((name, field))
    scanner.expect("}", ")")
    return NodeKey((label,), path, tuple(sorted(names)))


def parse_statement(scanner: Scanner) -> Creation:
    """Take a statement that creates one node, or relationships between nodes that it matches."""
    if scanner.is_next("MATCH"):
        return _match(scanner)
    if scanner.take("MERGE"):
        return _merged_node(scanner)
    if scanner.take("CREATE"):
        _, labels = _pattern(scanner, (PROPERTIES,), has_nulls=True)
        if IMPORT_LABEL not in labels:
            return _node(labels, None)
        return _node([label for label in labels if label != IMPORT_LABEL], _NODE_IN_FILE)
    raise CorruptError(f"not a statement that restores: {scanner.text[:60]!r}")


def _merged_node(scanner: Scanner) -> Creation:
    variable, labels = _pattern(scanner, ("key",))
    key = _key(scanner, labels, ("key",))
    if variable is None or not labels or not key.names:
        raise CorruptError(MERGE_REFUSED)
    own = [] if key.is_temporary else list(labels)
    return _node([*own, *_set(scanner, variable)], key)


def _match(scanner: Scanner) -> Creation:
    nodes = _matched(scanner)
    is_merge = _merges(scanner)
    start, kind, end = _relationship(scanner)
    if {start, end} != nodes.keys():
        raise CorruptError("a relationship is not between the nodes that were matched")
    if is_merge and (nodes.keys() != _APOC_VARIABLES or _set(scanner, "r")):
        raise CorruptError(MERGE_REFUSED)
    keys = (_endpoint(scanner, *nodes[variable], is_merge) for variable in (start, end))
    ignored = _IMPORT_KEY_PATHS if is_merge else frozenset[KeyPath]()
    return Creation("relationship", (kind,), tuple(keys), ignored)


def _matched(scanner: Scanner) -> dict[str, tuple[list[str], KeyPath]]:
    """Take two matched nodes; return for each variable its labels and its properties' path."""
    scanner.expect("MATCH")
    nodes: dict[str, tuple[list[str], KeyPath]] = {}
    for place in ("1", "2"):
        if place == "2" and not scanner.take(","):
            scanner.expect("MATCH")
        variable, labels = _pattern(scanner, (place,))
        if variable is None or variable in nodes:
            raise CorruptError("each node of a relationship needs a variable of its own")
        nodes[variable] = (labels, (place,))
    return nodes


def _endpoint(scanner: Scanner, labels: list[str], path: KeyPath, is_merge: bool) -> NodeKey:
    key = _key(scanner, labels, path)
    if key.is_temporary:
        return key
    if is_merge and (not labels or not key.names):
        raise CorruptError(MERGE_REFUSED)
    return replace(key, is_pattern=not is_merge)


def _relationship(scanner: Scanner) -> tuple[str, str, str]:
    """Take a relationship; return its start's variable, its type, and its end's variable."""
    scanner.expect("(")
    start = scanner.name()
    scanner.expect(")", "-", "[")
    scanner.name_if_any()
    scanner.expect(":")
    kind = scanner.name()
    if scanner.is_next("{"):
        scanner.map((PROPERTIES,))
    scanner.expect("]", "->", "(")
    end = scanner.name()
    scanner.expect(")")
    return start, kind, end


def _pattern(
    scanner: Scanner, path: KeyPath, *, has_nulls: bool = False
) -> tuple[str | None, list[str]]:
    """Take a node, and record its properties at a path; return its variable and its labels."""
    scanner.expect("(")
    variable = scanner.name_if_any()
    labels = _labels(scanner) if scanner.is_next(":") else []
    if scanner.is_next("{"):
        scanner.map(path, has_nulls=has_nulls)
    scanner.expect(")")
    return variable, labels


def _labels(scanner: Scanner) -> list[str]:
    labels: list[str] = []
    while not labels or scanner.is_next(":"):
        scanner.expect(":")
        labels.append(scanner.name())
    return labels


def _set(scanner: Scanner, variable: str) -> list[str]:
    """Take SET and what it sets on a variable, if SET is next; return the labels that it sets.

    ON CREATE may stand before SET.
    """
    labels: list[str] = []
    if scanner.is_next("ON"):
        _take_on_create(scanner)
        scanner.expect("SET")
    elif not scanner.take("SET"):
        return labels
    is_first = True
    while is_first or scanner.take(","):
        is_first = False
        scanner.expect(variable)
        if scanner.is_next(":"):
            labels += _labels(scanner)
        else:
            scanner.expect(".")
            path = (PROPERTIES, scanner.name())
            scanner.expect("=")
            if path in {slot.path for slot in scanner.slots}:
                raise CorruptError(f"the key {path[1]!r} is there twice")
            scanner.literal(path)
    return labels


def _key(scanner: Scanner, labels: list[str], path: KeyPath) -> NodeKey:
    """Return the key that consists of the properties at a path."""
    names = sorted(slot.path[-1] for slot in scanner.slots if slot.path[:-1] == path)
    if IMPORT_LABEL in labels and (tuple(labels), names) != ((IMPORT_LABEL,), [IMPORT_KEY]):
        raise CorruptError("not one of APOC's temporary names")
    return NodeKey(tuple(sorted(set(labels))), path, tuple((name, name) for name in names))


def _node(labels: list[str], key: NodeKey | None) -> Creation:
    if IMPORT_LABEL in labels:
        raise CorruptError("not one of APOC's temporary names")
    return Creation("node", tuple(sorted(set(labels))), () if key is None else (key,))
