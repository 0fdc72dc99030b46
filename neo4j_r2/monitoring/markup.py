"""HTML whose texts are escaped, whoever wrote them: all of it is made by `element`."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Final

_VOID: Final = frozenset({"link", "meta"})
"""Elements without an end tag."""
_UNPRINTABLE: Final = "\ufffd"
_SPECIAL: Final = re.compile("[&<>\"']")
"""Most texts have none of these characters, and a page has very many texts."""


class Markup(str):
    """HTML that may stand as it is.

    What Python makes of it, as by `+` or `join`, is an ordinary text again, and is escaped.
    """

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | int | bool | None) -> Markup:
    """Return an element with its children: elements, and texts, which are escaped.

    :param attributes: by their names with `_` for `-`; one at the end is left out, as in `class_`.
        True stands for an attribute without a value. None and False leave it out.
    """
    start = f"<{name}{''.join(map(_attribute, attributes, attributes.values()))}>"
    if name in _VOID:
        return Markup(start)
    return Markup(f"{start}{''.join(map(_escaped, children))}</{name}>")


def join(*parts: str) -> Markup:
    """Return elements and texts that follow each other; texts are escaped."""
    return Markup("".join(map(_escaped, parts)))


def foreign(text: str) -> Markup:
    """Return a text that others wrote; whatever its script, it does not turn what is around it."""
    return element("bdi", text)


def document(root: Markup) -> bytes:
    """Return a document, from its element `html`, as UTF-8."""
    return f"<!doctype html>\n{_escaped(root)}\n".encode()


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    written = _written(name)
    return f" {written}" if value is True else f' {written}="{_escaped(str(value))}"'


@cache
def _written(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")


def _escaped(text: str) -> str:
    if isinstance(text, Markup):
        return text
    shown = text if text.isprintable() else _printable(text)
    return html.escape(shown) if _SPECIAL.search(shown) else shown


def _printable(text: str) -> str:
    """Return a text without control characters, bidi controls and parts of characters."""
    return "".join(
        each if each.isprintable() else " " if each.isspace() else _UNPRINTABLE for each in text
    )
