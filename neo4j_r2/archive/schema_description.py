"""What a constraint or an index is, as its statement says, and whether two of them are the same.

Two servers word the same object differently, because their releases know other options. `design.md`
says under Schema what counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from neo4j_r2.archive.foreign.schema_grammar import check_schema
from neo4j_r2.archive.text.quoting import CYPHER_25, quote_name
from neo4j_r2.archive.text.scanner import KeyPath, Scanner
from neo4j_r2.core.errors import CorruptError

QUANTIZATION_TYPE: Final = ("indexConfig", "vector.quantization.type")
QUANTIZATION_ENABLED: Final = ("indexConfig", "vector.quantization.enabled")
_NO_QUANTIZATION: Final = "NONE"
_IN_EVERY_RELEASE: Final = re.compile(
    r"vector\.(?:dimensions|hnsw\.ef_construction|hnsw\.m|similarity_function)"
    r"|fulltext\.(?:analyzer|eventually_consistent)"
    r"|spatial\.(?:cartesian|wgs-84)(?:-3d)?\.(?:min|max)"
)
"""The options that every supported release states of an index that has them."""
_INDEX_KINDS: Final = ("RANGE", "TEXT", "POINT", "VECTOR", "FULLTEXT")
_CONSTRAINT_KINDS: Final = ("UNIQUE", "KEY", "NOT NULL")
_PROPERTY_TYPE: Final = re.compile(r"\s*(?:::|TYPED) ([A-Z0-9 <>|()]+)\Z")


@dataclass(frozen=True)
class SchemaDescription:
    """A constraint or an index. Two that are equal have yet to be compared by their options."""

    name: str | None
    """None if the server is to choose it."""
    kind: str
    """Such as RANGE INDEX, or IS UNIQUE of a constraint."""
    is_of_nodes: bool
    groups: frozenset[str]
    """Labels or types."""
    properties: tuple[str, ...]
    filters: tuple[str, ...]
    """Further properties, by which a vector index can filter."""
    start: str = field(compare=False)
    """The statement up to its options."""
    literals: Mapping[KeyPath, str] = field(compare=False)
    """The options, each as it stands in the statement."""
    options: Mapping[KeyPath, Any] = field(compare=False)
    """The same, each as its value."""

    @classmethod
    def of(cls, statement: str) -> Self | None:
        """Return what a statement in the form of an archive creates.

        :return: None of a lookup index, and if the grammar of schema statements cannot read it.
        """
        try:
            check_schema(statement)
            return cls._read(Scanner(statement))
        except CorruptError:
            return None

    @classmethod
    def _read(cls, scanner: Scanner) -> Self:
        scanner.take(CYPHER_25.strip())
        scanner.expect("CREATE")
        if scanner.take("CONSTRAINT"):
            name, is_of_nodes, groups = _subject(scanner)
            scanner.expect("REQUIRE")
            properties = _properties(scanner)
            kind = _constraint_kind(scanner)
        else:
            kind = next(filter(scanner.take, _INDEX_KINDS), "RANGE") + " INDEX"
            scanner.expect("INDEX")
            name, is_of_nodes, groups = _subject(scanner)
            scanner.expect("ON")
            scanner.take("EACH")
            properties = _properties(scanner)
        filters = _properties(scanner) if scanner.take("WITH") else ()
        start = scanner.text[: scanner.position].rstrip()
        if scanner.take("OPTIONS"):
            scanner.map(())
        scanner.end()
        literals = {slot.path: scanner.text[slot.start : slot.end] for slot in scanner.slots}
        options = {slot.path: slot.token.convert(literals[slot.path]) for slot in scanner.slots}
        return cls(name, kind, is_of_nodes, groups, properties, filters, start, literals, options)

    def is_same(self, other: SchemaDescription) -> bool:
        """Whether both are the same object, as far as both sides tell."""
        return self == other and _agree(self.options, other.options)

    @property
    def has_newer_options(self) -> bool:
        """Whether it has an option that 5.26, the oldest supported release, may not know."""
        return not all(
            path == QUANTIZATION_ENABLED or _IN_EVERY_RELEASE.fullmatch(path[-1])
            for path in self.options
        )

    def statement(self, literals: Mapping[KeyPath, str]) -> str:
        """Return the statement with these options instead of its own."""
        return f"{self.start} OPTIONS {_map(literals)}" if literals else self.start


class DescribedSchema:
    """The schema that some statements create; `in` tells whether it has a statement's object."""

    def __init__(self, statements: Iterable[str]) -> None:
        self._statements = frozenset(statements)
        self._by_name: dict[str | None, list[SchemaDescription]] = defaultdict(list)
        for description in filter(None, map(SchemaDescription.of, self._statements)):
            self._by_name[description.name].append(description)

    def __contains__(self, statement: str | None) -> bool:
        """Whether the object is there. Without a statement nobody knows, so it is not."""
        if statement is None:
            return False
        if statement in self._statements:
            return True
        description = SchemaDescription.of(statement)
        return description is not None and any(
            map(description.is_same, self._by_name.get(description.name, ()))
        )


def _subject(scanner: Scanner) -> tuple[str | None, bool, frozenset[str]]:
    """Take the name and the pattern: what the object is called, and of which entities it is."""
    name = None if scanner.is_next("IF") or scanner.is_next("FOR") else scanner.name()
    if scanner.take("IF"):
        scanner.expect("NOT", "EXISTS")
    scanner.expect("FOR", "(")
    is_of_nodes = not scanner.take(")")
    if not is_of_nodes:
        scanner.expect("-", "[")
    scanner.name()
    scanner.expect(":")
    groups = [scanner.name()]
    while scanner.take("|"):
        groups.append(scanner.name())
    if is_of_nodes:
        scanner.expect(")")
    else:
        scanner.expect("]", "-")
        scanner.take(">")
        scanner.expect("(", ")")
    return name, is_of_nodes, frozenset(groups)


def _properties(scanner: Scanner) -> tuple[str, ...]:
    closing = ")" if scanner.take("(") else "]" if scanner.take("[") else None
    properties = [_property(scanner)]
    while scanner.take(","):
        properties.append(_property(scanner))
    if closing:
        scanner.expect(closing)
    return tuple(properties)


def _property(scanner: Scanner) -> str:
    scanner.name()
    scanner.expect(".")
    return scanner.name()


def _constraint_kind(scanner: Scanner) -> str:
    scanner.expect("IS")
    # The pattern tells of which entities it is. Some releases repeat it here.
    for word in ("NODE", "RELATIONSHIP", "REL"):
        scanner.take(word)
    kind = next(filter(scanner.take, _CONSTRAINT_KINDS), None)
    if kind is None:
        match = _PROPERTY_TYPE.match(scanner.text, scanner.position)
        if match is None:
            raise scanner.error("the kind of a constraint")
        scanner.position = match.end()
        kind = f":: {match[1]}"
    return f"IS {kind}"


def _agree(one: Mapping[KeyPath, Any], other: Mapping[KeyPath, Any]) -> bool:
    """Whether the options of both sides may be those of one object."""
    stated_by_one = one.keys() ^ other.keys()
    quantized = {is_quantized(one), is_quantized(other)} - {None}
    return (
        not any(_IN_EVERY_RELEASE.fullmatch(path[-1]) for path in stated_by_one)
        and all(one[path] == other[path] for path in one.keys() & other.keys())
        and len(quantized) <= 1
    )


def is_quantized(options: Mapping[KeyPath, Any]) -> bool | None:
    """Whether a vector index is quantized, in either wording; None if its options do not tell."""
    if QUANTIZATION_TYPE in options:
        return bool(options[QUANTIZATION_TYPE] != _NO_QUANTIZATION)
    if QUANTIZATION_ENABLED in options:
        return bool(options[QUANTIZATION_ENABLED])
    return None


def _map(literals: Mapping[KeyPath, str]) -> str:
    items = []
    for key in dict.fromkeys(path[0] for path in literals):
        inner = {path[1:]: literal for path, literal in literals.items() if path[0] == key}
        items.append(f"{quote_name(key)}: {inner[()] if () in inner else _map(inner)}")
    return f"{{{', '.join(items)}}}"
