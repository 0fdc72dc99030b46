"""Names and strings as Cypher text."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.text.quoting import (
    escape_non_ascii,
    escape_unicode,
    quote_name,
    string_literal,
    unquote_name,
)

NAMES = st.text(st.sampled_from("`\\u0060n \n\r\t\"'\x00\x7f\u2028é😀")) | st.text()


def decoded(text: str) -> str:
    """Decode escapes as Cypher does before it looks at quotes: each UTF-16 unit by itself."""
    units = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be")


@given(NAMES)
@example("\\u0060")
@example("a`b``c\\")
def test_cypher_reads_a_quoted_name_as_the_name(name: str) -> None:
    quoted = decoded(quote_name(name))
    assert re.fullmatch(r"`(?:[^`]|``)*`", quoted, re.DOTALL)
    assert quoted[1:-1].replace("``", "`") == name


@given(NAMES | st.text(st.characters()))
@example("\\u0060")
@example("`\\`\\u0060``")
@example("\ud83d")
@example("\ude00\ud83d")
def test_a_name_comes_back_from_its_quoted_form(name: str) -> None:
    assert unquote_name(quote_name(name)) == name


@given(st.lists(st.sampled_from([*"`\\u0a", "\\u0060", "\\uD83D", "\\uDE00", "\\u005c", "``"])))
def test_any_text_in_backticks_can_be_unquoted(pieces: list[str]) -> None:
    name = unquote_name(f"`{''.join(pieces)}`")
    assert unquote_name(quote_name(name)) == name


@pytest.mark.parametrize(
    ("quoted", "name"),
    [
        ("`Person`", "Person"),
        ("``", ""),
        ("`a``b`", "a`b"),
        (r"`\u00e9\u00E9`", "éé"),
        (r"`\uD83D\uDE00`", "😀"),
        (r"`\u005Cu0060`", "\\u0060"),
        (r"`\u0060\u0060`", "`"),
        (r"`\n\u12`", r"\n\u12"),
    ],
)
def test_unquoting_reads_a_name_as_cypher_does(quoted: str, name: str) -> None:
    assert unquote_name(quoted) == name


@given(NAMES)
def test_escaped_text_decodes_to_itself(text: str) -> None:
    assert decoded(escape_unicode(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\")))
def test_escaping_makes_text_ascii_and_keeps_its_meaning(text: str) -> None:
    escaped = escape_non_ascii(text)
    assert escaped.isascii()
    assert decoded(escaped) == text


@given(st.text(st.characters(max_codepoint=127)))
def test_escaping_leaves_ascii_text_as_it_is(text: str) -> None:
    assert escape_non_ascii(text) == text


@given(NAMES)
def test_a_string_literal_is_the_string_again(text: str) -> None:
    assert json.loads(string_literal(text)) == text


@given(NAMES)
def test_nothing_but_printable_ascii_is_ever_written(text: str) -> None:
    for written in (quote_name(text), escape_unicode(text), string_literal(text)):
        assert re.fullmatch(r"[ -~]*", written)


def test_readable_names_and_strings_stay_readable() -> None:
    assert quote_name("Person") == "`Person`"
    assert string_literal("Alice's") == '"Alice\'s"'
    assert escape_unicode("CREATE INDEX `a b`") == "CREATE INDEX `a b`"


def test_a_character_beyond_the_basic_plane_becomes_a_surrogate_pair() -> None:
    assert quote_name("😀") == r"`\uD83D\uDE00`"


def test_a_backslash_in_a_name_cannot_start_an_escape() -> None:
    assert quote_name("\\u0060") == r"`\u005Cu0060`"
