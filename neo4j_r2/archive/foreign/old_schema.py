"""Reads statements of the schema as Neo4j 3 and 4 knew them, and says them as Neo4j 5 does.

APOC wrote them up to 4.4, and so did `SHOW INDEXES` and `SHOW CONSTRAINTS`. Neo4j 5 refuses them.
Only the parts that a statement can have are taken out of it. The new statement is made of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from neo4j_r2.archive.foreign.schema_grammar import check_schema
from neo4j_r2.archive.text.quoting import quote_name, string_literal
from neo4j_r2.archive.text.scanner import Scanner
from neo4j_r2.core.errors import CorruptError

_NO_KEY: Final = "Neo4j Community cannot demand that the properties exist"
_NO_EXISTENCE: Final = "Neo4j Community has no such constraint"
_IF_NOT_EXISTS: Final = "IF NOT EXISTS"
_KINDS: Final = ("BTREE", "RANGE", "TEXT", "POINT", "FULLTEXT", "LOOKUP")
_ANALYZER: Final = "fulltext.analyzer"
_CONSISTENCY: Final = "fulltext.eventually_consistent"
_OLD_PROVIDERS: Final = ("native-btree-1.0", "lucene+native-3.0")


@dataclass(frozen=True)
class Modern:
    """What an old statement means today."""

    text: str
    """The statement of today; empty if Neo4j Community has none."""
    loss: str = ""
    """What it does not keep, and why; empty if it keeps all."""
    comes_last: bool = False
    """Whether the same index in a newer form goes first: Neo4j 4.4 could have both."""


class _Head(NamedTuple):
    """What can stand between the kind of a statement and its FOR or ON."""

    name: str | None
    is_optional: bool
    """Whether IF NOT EXISTS is there."""
    is_bad: bool
    """Whether the name needs quotes that it does not have. APOC wrote names as they were."""

    def text(self) -> str:
        """Return it as it is written today."""
        name = "" if self.name is None else f" {quote_name(self.name)}"
        return f"{name} {_IF_NOT_EXISTS}" if self.is_optional else name


class _Pattern(NamedTuple):
    """The nodes or relationships that an index or a constraint is for."""

    variable: str
    text: str
    """With the variable `e`."""


def modernise(text: str, *, has_lookup_indexes: bool) -> Modern | None:
    """Return what an old statement of the schema means today.

    :param has_lookup_indexes: whether the database has its lookup indexes still: then a second one
        of a kind cannot be made.
    :return: None if the statement is not old, or not understood.
    """
    scanner = Scanner(text)
    try:
        modern = _read(scanner, has_lookup_indexes=has_lookup_indexes)
        if modern is not None:
            scanner.end()
            if modern.text:
                check_schema(modern.text)
    except CorruptError:
        return None
    return modern


def _read(scanner: Scanner, *, has_lookup_indexes: bool) -> Modern | None:
    if _take(scanner, "CALL"):
        scanner.expect("db", ".", "index", ".", "fulltext", ".")
        return _full_text_call(scanner)
    _expect(scanner, "CREATE")
    if _take(scanner, "CONSTRAINT"):
        return _constraint(scanner)
    kind = next((kind for kind in _KINDS if _take(scanner, kind)), "")
    _expect(scanner, "INDEX")
    if kind == "LOOKUP":
        return _lookup_index(scanner) if has_lookup_indexes else None
    if not kind and _take(scanner, "ON"):
        return _index_on_label(scanner)
    return _index(scanner, kind)


def _constraint(scanner: Scanner) -> Modern | None:
    head = _head(scanner)
    is_old = _take(scanner, "ON")
    if not is_old:
        _expect(scanner, "FOR")
    pattern = _pattern(scanner)
    if _take(scanner, "ASSERT"):
        is_old = True
    else:
        _expect(scanner, "REQUIRE")
    demands_existence = _take(scanner, "EXISTS")
    keys = _properties(scanner, pattern.variable)
    is_key = False
    if not demands_existence:
        _expect(scanner, "IS")
        demands_existence = _take(scanner, "NOT NULL")
        is_key = not demands_existence and _take(scanner, "NODE KEY")
        if not demands_existence and not is_key:
            _expect(scanner, "UNIQUE")
    _, is_btree = _options(scanner)
    if not is_old and not is_btree and not head.is_bad:
        return None
    if demands_existence:
        return Modern("", _NO_EXISTENCE)
    text = f"CREATE CONSTRAINT{head.text()} FOR {pattern.text} REQUIRE ({_joined(keys)}) IS UNIQUE"
    return Modern(text, _NO_KEY if is_key else "")


def _index_on_label(scanner: Scanner) -> Modern:
    scanner.expect(":")
    label = scanner.name()
    keys: list[str] = []
    scanner.expect("(")
    while not keys or scanner.take(","):
        keys.append(scanner.name())
    scanner.expect(")")
    return Modern(f"CREATE RANGE INDEX FOR (e:{quote_name(label)}) ON ({_joined(keys)})")


def _index(scanner: Scanner, kind: str) -> Modern | None:
    head = _head(scanner)
    _expect(scanner, "FOR")
    pattern = _pattern(scanner)
    _expect(scanner, "ON EACH" if kind == "FULLTEXT" else "ON")
    keys = _properties(scanner, pattern.variable, "[]" if kind == "FULLTEXT" else "()")
    options, is_btree = _options(scanner)
    if kind == "BTREE" or (kind in ("", "RANGE") and is_btree):
        optional = head._replace(is_optional=True)
        on = f"FOR {pattern.text} ON ({_joined(keys)})"
        return Modern(f"CREATE RANGE INDEX{optional.text()} {on}", comes_last=True)
    if not head.is_bad:
        return None
    listed = f"EACH [{_joined(keys)}]" if kind == "FULLTEXT" else f"({_joined(keys)})"
    kind = kind or "RANGE"
    return Modern(f"CREATE {kind} INDEX{head.text()} FOR {pattern.text} ON {listed}{options}")


def _lookup_index(scanner: Scanner) -> Modern | None:
    head = _head(scanner)
    _expect(scanner, "FOR")
    scanner.expect("(")
    variable = scanner.name_if_any()
    scanner.expect(")")
    function, pattern = "labels", "(e)"
    if variable is None:
        scanner.expect("-", "[")
        variable = scanner.name()
        scanner.expect("]", "-", "(", ")")
        function, pattern = "type", "()-[e]-()"
    _expect(scanner, "ON")
    is_modern = _take(scanner, "EACH") and head.is_optional
    scanner.expect(function, "(", variable, ")")
    options, _ = _options(scanner)
    if is_modern and not options:
        return None
    optional = head._replace(is_optional=True)
    return Modern(f"CREATE LOOKUP INDEX{optional.text()} FOR {pattern} ON EACH {function}(e)")


def _full_text_call(scanner: Scanner) -> Modern:
    is_node = scanner.take("createNodeIndex")
    if not is_node:
        scanner.expect("createRelationshipIndex")
    scanner.expect("(")
    scanner.literal(("name",))
    for argument in ("groups", "keys"):
        scanner.expect(",")
        scanner.literal((argument,))
    if scanner.take(","):
        scanner.map(("config",))
    scanner.expect(")")
    values = {
        slot.path: slot.token.convert(scanner.text[slot.start : slot.end])
        for slot in scanner.slots
        if slot.token.kind in ("string", "boolean", "list of string")
    }
    if len(values) != len(scanner.slots):
        raise CorruptError("a value of another type")
    groups = "|".join(map(quote_name, _unquoted(values["groups",])))
    pattern = f"(e:{groups})" if is_node else f"()-[e:{groups}]-()"
    keys = _joined(_unquoted(values["keys",]))
    config = {path[1]: value for path, value in values.items() if path[0] == "config"}
    return Modern(
        f"CREATE FULLTEXT INDEX {quote_name(_string(values['name',]))} FOR {pattern} "
        f"ON EACH [{keys}]{_full_text_options(config)}"
    )


def _full_text_options(config: dict[str, object]) -> str:
    settings = []
    for key, value in config.items():
        name = f"fulltext.{key.removeprefix('fulltext.')}"
        if name == _ANALYZER:
            settings.append(f"{quote_name(name)}: {string_literal(_string(value))}")
        elif name == _CONSISTENCY and str(value).lower() in ("true", "false"):
            settings.append(f"{quote_name(name)}: {str(value).lower()}")
        else:
            raise CorruptError(f"no setting of a full-text index: {key!r}")
    return f" OPTIONS {{indexConfig: {{{', '.join(settings)}}}}}" if settings else ""


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise CorruptError("not a string")
    return value


def _unquoted(names: object) -> list[str]:
    """Return the names in a list of strings. APOC put those with a blank in backticks there too."""
    if not isinstance(names, list):
        raise CorruptError("not a list of strings")
    return [name[1:-1] if re.fullmatch("`[^`]+`", name) else name for name in names]


def _head(scanner: Scanner) -> _Head:
    name, is_bad = None, False
    if scanner.is_next("`"):
        name = scanner.name()
    else:
        name = scanner.take_match(_pattern_of(r"(?!(?i:IF|FOR|ON)[\s(:])[\w.-]++(?=\s)"))
        is_bad = name is not None and not name.isidentifier()
    return _Head(name, _take(scanner, _IF_NOT_EXISTS), is_bad)


def _pattern(scanner: Scanner) -> _Pattern:
    scanner.expect("(")
    variable = scanner.name_if_any()
    if variable is not None:
        groups = _groups(scanner)
        scanner.expect(")")
        return _Pattern(variable, f"(e{groups})")
    scanner.expect(")", "-", "[")
    variable = scanner.name()
    groups = _groups(scanner)
    scanner.expect("]")
    if not scanner.take("->"):
        scanner.expect("-")
    scanner.expect("(", ")")
    return _Pattern(variable, f"()-[e{groups}]-()")


def _groups(scanner: Scanner) -> str:
    scanner.expect(":")
    groups = [scanner.name()]
    while scanner.take("|"):
        groups.append(scanner.name())
    return ":" + "|".join(map(quote_name, groups))


def _properties(scanner: Scanner, variable: str, brackets: str = "()") -> list[str]:
    """Take properties of a variable; return their keys. One alone may lack the brackets."""
    has_brackets = scanner.take(brackets[0])
    keys: list[str] = []
    while not keys or (has_brackets and scanner.take(",")):
        if scanner.name() != variable:
            raise CorruptError("a property of something else")
        scanner.expect(".")
        keys.append(scanner.name())
    if has_brackets:
        scanner.expect(brackets[1])
    return keys


def _options(scanner: Scanner) -> tuple[str, bool]:
    """Take OPTIONS, if they are next; return their text, and whether they are a BTREE index's."""
    start = scanner.position
    if not _take(scanner, "OPTIONS"):
        return "", False
    scanner.map(())
    is_btree = any(
        slot.path[-1].startswith("spatial.")
        or scanner.text[slot.start + 1 : slot.end - 1] in _OLD_PROVIDERS
        for slot in scanner.slots
    )
    return f" {scanner.text[start : scanner.position].strip()}", is_btree


def _joined(keys: Iterable[str]) -> str:
    return ", ".join(f"e.{quote_name(key)}" for key in keys)


def _take(scanner: Scanner, words: str) -> bool:
    """Take keywords, in whichever case, if they come next; return whether they did."""
    return scanner.take_match(_pattern_of(rf"(?i:{_spaced(words.split())})\b")) is not None


def _expect(scanner: Scanner, words: str) -> None:
    if not _take(scanner, words):
        raise scanner.error(words)


def _spaced(words: Sequence[str]) -> str:
    return r"\s+".join(words)


@cache
def _pattern_of(source: str) -> re.Pattern[str]:
    """Return a compiled pattern. Most restores need none of them."""
    return re.compile(source)
