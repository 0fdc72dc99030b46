"""Recognises other programs' statements that make indexes and constraints, or are only the frame.

The frame is what cypher-shell needs to restore a file. A restore through the driver leaves it out.
Our own archives that APOC exported have our frame and our schema around what APOC wrote.

The regular expressions use possessive repetition (``*+``, ``++``): it never gives back what it has
matched, so a text of any length is refused in linear time.
"""

from __future__ import annotations

import re
from typing import Final

from neo4j_r2.archive.foreign.import_names import (
    IMPORT_KEY,
    IMPORT_LABEL,
    RELATIONSHIP_IMPORT_KEY,
)
from neo4j_r2.archive.text.quoting import CYPHER_25
from neo4j_r2.archive.text.scanner import Scanner
from neo4j_r2.core.errors import CorruptError

_CONSTRAINT_NAME: Final = "(?:UNIQUE_IMPORT_NAME|`UNIQUE_IMPORT_NAME`)"
_IMPORT_NODE: Final = rf"\((?:node|n):`{IMPORT_LABEL}`\)"
_IMPORT: Final = rf"\(?(?:node|n)\.`{IMPORT_KEY}`\)? IS UNIQUE"
_REMOVAL: Final = rf"REMOVE n:`{IMPORT_LABEL}` REMOVE n\.`{IMPORT_KEY}`"
FRAME: Final = re.compile(
    r"|CALL db\.awaitIndexes\([0-9]*\)"
    # APOC up to 3.4 waited for each index by its label and keys.
    r"|CALL db\.awaitIndex\((?:'[^'\\]*+'|\"[^\"\\]*+\")(?:, ?[0-9]+)?\)"
    rf"|MATCH \(n:`{IMPORT_LABEL}`\) +WITH n LIMIT [0-9]+ {_REMOVAL}"
    rf"|MATCH \(n:`{IMPORT_LABEL}`\) CALL \(n\) \{{ {_REMOVAL} \}} "
    r"IN TRANSACTIONS OF [0-9]+ ROWS"
    rf"|MATCH \(\)-\[r\]->\(\) WHERE r\.`{RELATIONSHIP_IMPORT_KEY}` IS NOT NULL "
    rf"WITH r LIMIT [0-9]+ REMOVE r\.`{RELATIONSHIP_IMPORT_KEY}`"
)
"""The frame: statements that change nothing in the graph that is restored."""
TEMPORARY_CONSTRAINT: Final = re.compile(
    rf"CREATE CONSTRAINT(?: {_CONSTRAINT_NAME})?(?: IF NOT EXISTS)? "
    rf"(?:FOR {_IMPORT_NODE} REQUIRE|ON {_IMPORT_NODE} ASSERT) {_IMPORT}"
)
TEMPORARY_CONSTRAINT_DROP: Final = re.compile(
    rf"DROP CONSTRAINT {_CONSTRAINT_NAME}(?: IF EXISTS)?"
    rf"|DROP CONSTRAINT ON {_IMPORT_NODE} ASSERT {_IMPORT}"
)
_REFUSED_ESCAPE: Final = re.compile(r"\\u(?!(?!00(?:[2346]|5(?![Cc])|7(?![Ff])))[0-9A-Fa-f]{4})")
"""Any escape but that of a backslash, or of what is not printable ASCII. It is refused: Cypher 5
decodes escapes, once, before it looks for quotes, and an escaped backtick would end its name."""
_BARE: Final = r"[^\W0-9]\w*+"
_NAME: Final = rf"(?:`(?:[^`]|``)++`|{_BARE})"
"""Its escapes are looked at apart: with them in each of the names, the grammar was slow to load."""
_PROPERTY: Final = rf"{_NAME}\.{_NAME}"
_PROPERTIES: Final = rf"{_PROPERTY}(?:, ?{_PROPERTY})*+"
_LABELS: Final = rf"{_NAME}(?:\|{_NAME})*+"
_NAMED: Final = rf"(?: (?!IF |FOR ){_NAME})?(?: IF NOT EXISTS)? FOR "
_WHOSE: Final = rf"{_NAMED}(?:\({_NAME}:{_LABELS}\)|\(\)-\[{_NAME}:{_LABELS}\]->?\(\))\s+"
_ON_TOKENS: Final = (
    rf"(?:\({_BARE}\) ON EACH labels\({_BARE}\)|\(\)-\[{_BARE}\]-\(\) ON EACH type\({_BARE}\))"
)
_SCHEMA: Final = re.compile(
    rf"(?:{CYPHER_25})?CREATE (?:(?:RANGE |TEXT |POINT )?INDEX{_WHOSE}ON \({_PROPERTIES}\)"
    rf"|VECTOR INDEX{_WHOSE}ON (?:{_PROPERTY}|\({_PROPERTY}\))(?:\s+WITH \[{_PROPERTIES}\])?"
    rf"|FULLTEXT INDEX{_WHOSE}ON EACH \[{_PROPERTIES}\]"
    rf"|LOOKUP INDEX{_NAMED}{_ON_TOKENS}"
    rf"|CONSTRAINT{_WHOSE}REQUIRE (?:{_PROPERTY}|\({_PROPERTIES}\)) "
    r"IS (?:UNIQUE|NOT NULL|(?:NODE |RELATIONSHIP |REL )?KEY|NODE UNIQUE|RELATIONSHIP UNIQUE"
    r"|(?:::|TYPED) [A-Z][A-Z0-9 <>|()]*))"
    r"(\s+OPTIONS (?=\{))?"
    # A new database has lookup indexes that the archived one may not have had.
    r"|DROP INDEX `index_[0-9a-f]{8}` IF EXISTS"
)

_IS_SCHEMA: Final = re.compile(
    rf"(?:(?:{CYPHER_25})?CREATE (?:[A-Z]+ )?(?:INDEX|CONSTRAINT)|DROP INDEX)\b"
)


def check_schema(text: str) -> None:
    """Check that a statement makes an index or a constraint, and does nothing else.

    :raises CorruptError: if it does something else, or is written as this version does not know.
    """
    match = _SCHEMA.match(text)
    if match is None or _REFUSED_ESCAPE.search(text, 0, match.end()) or "\\" in text[match.end() :]:
        raise CorruptError(f"not a statement that restores: {text[:60]!r}")
    scanner = Scanner(text, match.end())
    if match[1]:
        scanner.map(())
    scanner.end()


def is_schema(text: str) -> bool:
    """Whether a statement is about an index or a constraint."""
    return _IS_SCHEMA.match(text) is not None
