"""Cypher's literals as parameters: other programs' exports have them where ours have cells.

A literal is read as its kind (a key of `kinds.KINDS`) and the same parameter that `decode.decode`
makes of the kind's cell. A token is one way to write literals of a kind; some kinds have two.

The regular expressions use possessive repetition (``*+``, ``++``): it never gives back what it has
matched, so a hostile or broken file of any length is refused in linear time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
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
_INTEGER: Final = r"-?(?:0|[1-9][0-9]{0,18}+)"
_FLOAT: Final = (
    r"(?:-?(?:[0-9]*+\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++|Infinity"
    r"|[1-9][0-9]{19,}+)|NaN)"
)
"""APOC up to 4.0 wrote a whole float without its point, so 1e22 as an integer that none can be."""
_TEMPORAL_TEXT: Final = r"[-+0-9A-Za-z:._/\[\]]{1,80}"
# A zoned value whose offset has seconds; see `cells.temporal`.
_TEXT_OF_PARTS: Final = (
    r"[-+0-9T:.]{5,40}[-+][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\[[-+0-9A-Za-z_/]{1,40}\])?"
)
_NUMBER: Final = f"(?:{_FLOAT}|{_INTEGER})"
_SRIDS: Final = {"cartesian": 7203, "cartesian-3d": 9157, "wgs-84": 4326, "wgs-84-3d": 4979}

_BARE_NAME: Final = r"(?:[^\W0-9]|\\u[0-9A-Fa-f]{4})(?:\w|\\u[0-9A-Fa-f]{4})*+"
NAME: Final = rf"(?:`(?:[^`]|``)++`|{_BARE_NAME})"
"""A name, in backticks or bare: a regular expression without groups."""
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
    """A regular expression without groups. Where one token's pattern matches, no other's does."""
    convert: Callable[[str], Any]
    """Makes the parameter of a text that the pattern matches, or raises CorruptError."""


def unescape(literal: str) -> str:
    """Return the text of a string literal, which is in single or double quotes.

    :raises CorruptError: if Cypher does not know an escape in it, or half of a surrogate pair is
        missing.
    """
    if "\\" not in literal:
        return literal[1:-1]
    # JSON's parser is fast, but it takes one escape that Cypher does not know: \/.
    if literal[0] == '"' and "\\/" not in literal:
        try:
            return str(orjson.loads(literal))
        except orjson.JSONDecodeError:
            pass  # Cypher allows what JSON does not, for example a raw line break
    return _ESCAPE.sub(_unescaped, literal[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        units = bytes.fromhex(match[1].replace("\\u", ""))
        try:
            return units.decode("utf-16-be")
        except UnicodeDecodeError as error:
            raise CorruptError("half of a surrogate pair is missing in a string") from error
    if match[2] not in _ESCAPES:
        raise CorruptError(f"a string has the unknown escape \\{match[2]}")
    return _ESCAPES[match[2]]


def unquoted(name: str) -> str:
    """Return the name that is written in backticks or bare.

    :raises CorruptError: if half of a surrogate pair is missing.
    """
    text = unquote_name(name if name[0] == "`" else f"`{name}`")
    if not text.isascii() and re.search(r"[\ud800-\udfff]", text):
        raise CorruptError("half of a surrogate pair is missing in a name")
    return text


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number) and not text.endswith("y"):  # of Infinity, which is meant
        raise CorruptError("a number is too large for a float")
    return number


def _floats(text: str) -> list[float]:
    numbers: list[float] = decode("list of float", "," + text[1:-1].strip())
    if math.inf in numbers or -math.inf in numbers:
        return [_float(item.strip()) for item in text[1:-1].split(",")]
    return numbers


def _mixed_numbers(text: str) -> list[float]:
    return [_float(item.strip()) for item in text[1:-1].split(",")]


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
    """Return the pattern of a function's call with one string, which does not match `unlike`."""
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


def _least(item: str, least: str) -> str:
    """Return the condition that at least one item of a list matches a pattern."""
    return rf"(?=\[(?:{SPACE}{item}{SPACE},)*?{SPACE}{least}{SPACE}[,\]])"


def _list_token(kind: str, item: str, convert: Callable[[str], str], least: str = "") -> Token:
    """Return the token of a list whose parameter is a cell, as `encode.encode` writes it.

    :param item: the pattern of an item.
    :param least: the pattern that at least one item must match; empty if any items will do.
    """
    pattern = _list_pattern(item)
    if least:
        pattern = _least(item, least) + pattern
    return Token(
        f"list of {kind}",
        pattern,
        lambda text: "".join("," + convert(each) for each in re.findall(item, text)),
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
        # A list has one kind: if one item needs its parts, all of them are written as parts.
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
    Token(  # of whole floats and others, by APOC up to 4.0
        "list of float",
        _least(_NUMBER, _INTEGER) + _least(_NUMBER, _FLOAT) + _list_pattern(_NUMBER),
        _mixed_numbers,
    ),
    Token("list of boolean", _list_pattern("(?i:true|false)"), _numbers("list of boolean")),
    Token("list of string", _list_pattern(f"(?:{_DOUBLE_QUOTED}|{_SINGLE_QUOTED})"), _strings),
    *_CELL_LISTS,
)


def token_at(text: str, position: int) -> tuple[Token, int] | None:
    """Return the token at a position and where it ends; None if no property has such a value."""
    match = _any_token().match(text, position)
    if match is None or match.lastindex is None:
        return None
    return TOKENS[match.lastindex - 1], match.end()


@cache
def _any_token() -> re.Pattern[str]:
    """Compile the pattern of all tokens, when it is needed: that takes as long as other imports."""
    return re.compile("|".join(f"({token.pattern})" for token in TOKENS), re.DOTALL)
