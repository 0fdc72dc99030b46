"""HTML whose texts are escaped, whoever wrote them."""

from __future__ import annotations

import ast
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.monitoring.markup import Markup, document, element, foreign, join
from tests.unit.process import ROOT


class Reader(HTMLParser):
    """Reads what a browser reads: the elements with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def test_an_element_has_its_attributes_and_children_in_their_order() -> None:
    made = element("p", "a", element("b", "c"), "d", class_="x", aria_label="y", tabindex=0)
    assert made == '<p class="x" aria-label="y" tabindex="0">a<b>c</b>d</p>'


def test_an_attribute_can_have_no_value_or_be_left_out() -> None:
    assert element("details", open=True, id=None, hidden=False) == "<details open></details>"


def test_an_element_that_has_no_content_has_no_end() -> None:
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


@example("<script>alert(1)</script>")
@example("\"'><img src=x onerror=alert(1)>")
@example("]]></style></svg>--><!--")
@example("&lt;&amp;amp;&#60;")
@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Co", "Cn"])))
def test_a_text_is_read_as_it_was_written_and_is_no_element(text: str) -> None:
    reader = read(element("p", text, title=text))
    assert reader.elements == [("p", {"title": text})]
    assert reader.text == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x07\x1b[31mc\x7f", "a\ufffdb\ufffd\ufffd[31mc\ufffd"),
        ("a\u202eb\u2066c\u200ed", "a\ufffdb\ufffdc\ufffdd"),
        ("a\udc80b", "a\ufffdb"),
        ("a\nb\tc\u00a0d\u2028e", "a b c d e"),
        ("Ωλ 图 🙂", "Ωλ 图 🙂"),
    ],
)
def test_characters_that_are_not_printable_are_replaced(text: str, shown: str) -> None:
    reader = read(element("p", text, title=text))
    assert (reader.text, reader.elements[0][1]["title"]) == (shown, shown)
    assert document(element("p", text)).decode() == f"<!doctype html>\n<p>{shown}</p>\n"


def test_what_python_makes_of_markup_is_an_ordinary_text_again() -> None:
    bold = element("b", "x")
    for text in (bold + "<i>", "<i>" + bold, f"{bold}", bold.replace("x", "<i>"), bold[:3]):
        assert type(text) is str
        assert "<" not in join(text)
    assert join(bold, "<i>") == "<b>x</b>&lt;i&gt;"


def test_a_foreign_text_is_isolated_from_the_direction_of_others() -> None:
    assert foreign("שלום<") == "<bdi>שלום&lt;</bdi>"


def test_only_the_module_itself_makes_markup_of_a_text() -> None:
    makers = {
        path.stem
        for path in (ROOT / "neo4j_r2").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "Markup"
    }
    assert makers == {"markup"}
    assert isinstance(join("a"), Markup)
