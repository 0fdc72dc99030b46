"""Cypher's literals as parameters: what other programs' exports have in place of our cells.

A literal becomes its kind (a key of `kinds.KINDS`) and what `decode.decode` would make of the
kind's cell. Each kind is written in one or two ways, its tokens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

from neo4j_r2.archive.cells.decode import decode
from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.temporal import parts
from neo4j_r2.archive.text.quoting import unquote_name
from neo4j_r2.core.errors import CorruptError, GraphError

SPACE: Final = r"[ \t\r\n]*+"
_DOUBLE_QUOTED: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SINGLE_QUOTED: Final = r"'[^'\\]*+(?:\\.[^'\\]*+)*+'"
_INTEGER: Final = r"-?(?:0|[1-9][0-9]*+)"
_FLOAT: Final = (
    r"(?:-?(?:[0-9]*+\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++|Infinity)|NaN)"
)
_TEMPORAL_TEXT: Final = r"[-+0-9A-Za-z:._/\[\]]{1,80}"
_TEXT_OF_PARTS: Final = (
    r"[-+0-9T:.]{5,40}[-+][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\[[-+0-9A-Za-z_/]{1,40}\])?"
)
_NUMBER: Final = f"(?:{_FLOAT}|{_INTEGER})"
_SRIDS: Final = {"cartesian": 7203, "cartesian-3d": 9157, "wgs-84": 4326, "wgs-84-3d": 4979}

_BARE_NAME: Final = r"(?:[^\W0-9]|\\u[0-9A-Fa-f]{4})(?:\w|\\u[0-9A-Fa-f]{4})*+"
NAME: Final = rf"(?:`(?:[^`]|``)++`|{_BARE_NAME})"
"""A name, in backticks or bare, as a regular expression without groups."""
_ESCAPE: Final = re.compile(r"((?:\\u[0-9A-Fa-f]{4})+)|\\(.?)", re.DOTALL)
_ESCAPES: Final = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
}


class Token(NamedTuple):
    """One way in which literals of a kind are written."""

    kind: str
    pattern: str
    """A regular expression without groups; where one token matches, no other does."""
    convert: Callable[[str], Any]
    """Makes the parameter of a text that the pattern matches, or raises CorruptError."""


def unescape(literal: str) -> str:
    """Return the text of a string with its quotes, single or double.

    :raises CorruptError: if Cypher does not know an escape in it, or half of a pair is missing.
    """
    if "\\" not in literal:
        return literal[1:-1]
    if literal[0] == '"' and "\\/" not in literal:  # which JSON knows and Cypher does not
        try:
            return str(orjson.loads(literal))
        except orjson.JSONDecodeError:
            pass  # Cypher has strings that JSON has not, with a raw line break for example
    return _ESCAPE.sub(_unescaped, literal[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        units = bytes.fromhex(match[1].replace("\\u", ""))
        try:
            return units.decode("utf-16-be")
        except UnicodeDecodeError as error:
            raise CorruptError("a string has half a character") from error
    if match[2] not in _ESCAPES:
        raise CorruptError(f"a string has the unknown escape \\{match[2]}")
    return _ESCAPES[match[2]]


def unquoted(name: str) -> str:
    """Return what a name says, in backticks or bare.

    :raises CorruptError: if half of a surrogate pair is missing.
    """
    text = unquote_name(name if name[0] == "`" else f"`{name}`")
    if not text.isascii() and re.search(r"[\ud800-\udfff]", text):
        raise CorruptError("a name has half a character")
    return text


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number) and not text.endswith("y"):
        raise CorruptError("a number is too large for a float")
    return number


def _floats(text: str) -> list[float]:
    numbers: list[float] = decode("list of float", "," + text[1:-1].strip())
    if math.inf in numbers or -math.inf in numbers:
        return [_float(item.strip()) for item in text[1:-1].split(",")]
    return numbers


def _boolean(text: str) -> Any:
    return decode("boolean", text.lower())


def _numbers(kind: str) -> Callable[[str], Any]:
    return lambda text: decode(kind, "," + text[1:-1].lower())


def _temporal(text: str) -> str:
    return text[text.index("(") + 2 : -2]


def _temporal_parts(text: str) -> str:
    try:
        return parts(_temporal(text))
    except GraphError as error:
        raise CorruptError(f"{text} is no zoned value") from error


def _point(text: str) -> str:
    numbers = [float(number) for number in re.findall(rf"[xyz]: ?({_NUMBER})", text)]
    crs = re.search(r"crs: ?['\"]([-a-z0-9]+)", text)
    srid = _SRIDS[crs[1]] if crs else _SRIDS["cartesian" if len(numbers) == 2 else "cartesian-3d"]
    return " ".join([str(srid), *(encode(number).cell for number in numbers)])


def _call(function: str, text: str, unlike: str | None = None) -> str:
    exception = f"(?!['\"]{unlike}['\"])" if unlike else ""
    return rf"{function}\({exception}(?:'{text}'|\"{text}\")\)"


def _point_pattern(suffix: str, last: str = "") -> str:
    crs = "|".join(f"{quote}(?:cartesian|wgs-84){suffix}{quote}" for quote in "'\"")
    return rf"point\(\{{x: ?{_NUMBER}, ?y: ?{_NUMBER}{last}(?:, ?crs: ?(?:{crs}))?\}}\)"


def _temporal_tokens() -> list[Token]:
    functions = {
        "date": "date",
        "localtime": "local time",
        "localdatetime": "local datetime",
        "duration": "duration",
    }
    zoned = {"time": "zoned time", "datetime": "zoned datetime"}
    return [
        *(Token(kind, _call(name, _TEMPORAL_TEXT), _temporal) for name, kind in functions.items()),
        *(
            Token(kind, _call(name, _TEMPORAL_TEXT, unlike=_TEXT_OF_PARTS), _temporal)
            for name, kind in zoned.items()
        ),
        *(
            Token(f"{kind} of parts", _call(name, _TEXT_OF_PARTS), _temporal_parts)
            for name, kind in zoned.items()
        ),
    ]


def _list_pattern(item: str) -> str:
    return rf"\[{SPACE}{item}(?:{SPACE},{SPACE}{item})*+{SPACE}\]"


def _list_token(kind: str, item: str, convert: Callable[[str], str], least: str = "") -> Token:
    """Return the token of a list whose parameter is a cell, as `encode.encode` writes it.

    :param least: what one item at least must be, if not all items need be so.
    """
    found = re.compile(item)
    pattern = _list_pattern(item)
    if least:
        pattern = rf"(?=\[(?:{SPACE}{item}{SPACE},)*?{SPACE}{least}){pattern}"
    return Token(
        f"list of {kind}",
        pattern,
        lambda text: "".join("," + convert(each) for each in found.findall(text)),
    )


def _strings(text: str) -> list[str]:
    return [unescape(each) for each in _STRINGS.findall(text)]


_STRINGS: Final = re.compile(f"{_DOUBLE_QUOTED}|{_SINGLE_QUOTED}", re.DOTALL)
_TEMPORAL: Final = {token.kind: token for token in _temporal_tokens()}
_POINTS: Final = (
    Token("point 2d", _point_pattern(""), _point),
    Token("point 3d", _point_pattern("-3d", rf", ?z: ?{_NUMBER}"), _point),
)
_CELL_LISTS: Final = [
    *(
        _list_token(token.kind, token.pattern, token.convert)
        for token in (*_TEMPORAL.values(), *_POINTS)
        if not token.kind.endswith(" of parts")
    ),
    *(
        # One item that needs its parts makes all of them need theirs: a list has one kind.
        _list_token(
            f"{kind} of parts",
            f"(?:{_TEMPORAL[f'{kind} of parts'].pattern}|{_TEMPORAL[kind].pattern})",
            _temporal_parts,
            least=_TEMPORAL[f"{kind} of parts"].pattern,
        )
        for kind in ("zoned time", "zoned datetime")
    ),
]
TOKENS: Final = (
    Token("string", _DOUBLE_QUOTED, unescape),
    Token("string", _SINGLE_QUOTED, unescape),
    Token("float", _FLOAT, _float),
    Token("integer", _INTEGER, lambda text: decode("integer", text)),
    Token("boolean", "(?i:true|false)", _boolean),
    *_TEMPORAL.values(),
    *_POINTS,
    Token("list of string", rf"\[{SPACE}\]", lambda _: []),
    Token("list of float", _list_pattern(_FLOAT), _floats),
    Token("list of integer", _list_pattern(_INTEGER), _numbers("list of integer")),
    Token("list of boolean", _list_pattern("(?i:true|false)"), _numbers("list of boolean")),
    Token("list of string", _list_pattern(f"(?:{_DOUBLE_QUOTED}|{_SINGLE_QUOTED})"), _strings),
    *_CELL_LISTS,
)
_TOKEN: Final = re.compile("|".join(f"({token.pattern})" for token in TOKENS), re.DOTALL)


def token_at(text: str, position: int) -> tuple[Token, int] | None:
    """Return the token at a place and where it ends, None if a property can have no such value."""
    match = _TOKEN.match(text, position)
    if match is None or match.lastindex is None:
        return None
    return TOKENS[match.lastindex - 1], match.end()
