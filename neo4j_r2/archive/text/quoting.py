"""Names, strings and schema statements as pure ASCII Cypher text.

cypher-shell reads its input in the platform's charset. Under a POSIX locale it silently corrupts
everything that is not ASCII. So nothing here ever emits a character above U+007E.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring_ascii
from typing import Final

import orjson

_DELETE: Final = "\x7f"
_TO_ESCAPE = re.compile(r"[^ -\[\]-~]")
"""The backslash, and all that is not printable ASCII."""

_ESCAPES = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
CYPHER_25: Final = "CYPHER 25 "
"""The beginning of a statement that only Cypher 25 knows."""


def quote_name(name: str) -> str:
    """Return a label, type, property key or schema name as a quoted Cypher name.

    Backticks are doubled. A backslash is itself escaped: Cypher decodes escapes inside backticks
    too, and a raw backslash could start one.
    """
    return "`" + escape_unicode(name.replace("`", "``")) + "`"


def unquote_name(quoted: str) -> str:
    """Return the name that `quote_name` has quoted."""
    return _ESCAPES.sub(_decoded, quoted[1:-1]).replace("``", "`")


def _decoded(match: re.Match[str]) -> str:
    units = bytes.fromhex(match.group().replace("\\u", ""))
    return units.decode("utf-16-be", "surrogatepass")


def escape_unicode(text: str) -> str:
    r"""Return `text` with ``\uXXXX`` for each backslash and for all that is not printable ASCII."""
    return _TO_ESCAPE.sub(_utf16_escape, text)


def escape_non_ascii(text: str) -> str:
    r"""Return Cypher text with ``\uXXXX`` for each character that is not ASCII.

    It is for text that others wrote. Cypher decodes these escapes in strings and in quoted names.
    """
    return _NON_ASCII.sub(_utf16_escape, text)


def _utf16_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2))


def is_plain(text: str) -> bool:
    """Whether `text` is printable ASCII and needs no escape in a string."""
    if not text.isascii() or _DELETE in text:
        return False
    return len(orjson.dumps(text)) == len(text) + 2


def string_literal(text: str) -> str:
    r"""Return `text` as a double-quoted Cypher string.

    JSON's escapes (``\" \\ \n \r \t \b \f \uXXXX``, surrogate pairs for the rest) are a subset of
    Cypher's. orjson writes them ten times as fast as the standard library. But it does not escape
    DEL and what is not ASCII, so such texts go to the standard library's own function.
    """
    if text.isascii() and _DELETE not in text:
        return orjson.dumps(text).decode("ascii")
    return encode_basestring_ascii(text)
