"""Reads rows and statements that differ only in their literals, with one regular expression each.

An export has millions of rows and statements, but only a few shapes of them. The scanner reads the
first texts of a shape piece by piece. Then a regular expression is made from their shape, and it
reads all further ones ten times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from neo4j_r2.archive.text.literals import Token
from neo4j_r2.archive.text.scanner import KeyPath, Scanner

T = TypeVar("T")

_RECENT: Final = 8
"""How many expressions are tried on a text. A group of entities usually has fewer shapes."""
_KNOWN: Final = 1024
"""How many shapes are remembered; then all are forgotten, to keep memory small."""
_MOST_VALUES: Final = 256
"""The most values in an expression. One with more takes long to compile."""


@dataclass(frozen=True, eq=False)
class LiteralShape(Generic[T]):
    """What texts have in common that differ only in their literals."""

    paths: tuple[KeyPath, ...]
    """The keys that lead to each literal."""
    tokens: tuple[Token, ...]
    """How each literal is written."""
    meaning: T
    """What the parser returned for the first such text."""


class ShapeReader(Generic[T]):
    """Reads texts, and remembers the shapes that it has seen."""

    def __init__(self, parse: Callable[[Scanner], T], tail: str) -> None:
        """Prepare to read texts.

        :param parse: reads a text with a scanner, which records the literals. It returns what the
            text means without them.
        :param tail: a regular expression for what follows a text.
        """
        self._parse = parse
        self._tail = tail
        self._behind = re.compile(tail)
        self._known: dict[str, LiteralShape[T]] = {}
        """The shapes by the source of their expressions."""
        self._recent: list[tuple[re.Pattern[str], LiteralShape[T]]] = []

    def read(self, text: str, position: int) -> tuple[LiteralShape[T], Sequence[str], int]:
        """Return the shape and the literals of the text at a position, and where its tail ends.

        :raises CorruptError: if the parser does not understand it.
        """
        for index, (pattern, shape) in enumerate(self._recent):
            match = pattern.match(text, position)
            if match is not None:
                if index:
                    self._recent.insert(0, self._recent.pop(index))
                return shape, match.groups(), match.end()
        return self._parsed(text, position)

    def _parsed(self, text: str, position: int) -> tuple[LiteralShape[T], Sequence[str], int]:
        scanner = Scanner(text, position)
        meaning = self._parse(scanner)
        behind = self._behind.match(text, scanner.position)
        if behind is None:
            raise scanner.error("the end of a row or statement")
        slots = scanner.slots
        values = [text[slot.start : slot.end] for slot in slots]
        return self._shape(scanner, position, meaning), values, behind.end()

    def _shape(self, scanner: Scanner, position: int, meaning: T) -> LiteralShape[T]:
        """Return the shape of the text just read, and make an expression the second time."""
        slots = scanner.slots
        shape = LiteralShape(tuple(s.path for s in slots), tuple(s.token for s in slots), meaning)
        if len(slots) > _MOST_VALUES:
            return shape
        source = _source(scanner, position)
        if source not in self._known:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[source] = shape
            return shape
        # Seen before. Most shapes have only one text, and to compile an expression is slow.
        shape = self._known[source]
        self._recent.insert(0, (re.compile(source + self._tail, re.DOTALL), shape))
        del self._recent[_RECENT:]
        return shape


def _source(scanner: Scanner, position: int) -> str:
    """Return the source of the expression for the text that was read from a position on."""
    pieces = []
    for slot in scanner.slots:
        pieces += [re.escape(scanner.text[position : slot.start]), f"({slot.token.pattern})"]
        position = slot.end
    return "".join([*pieces, re.escape(scanner.text[position : scanner.position])])
