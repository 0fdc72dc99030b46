"""Texts that differ in nothing but their values, which a regular expression takes apart.

An export has millions of rows and statements of a few shapes. Reading each piece by piece takes ten
times as long as a match of an expression that was made from one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from neo4j_r2.archive.text.literals import Token
from neo4j_r2.archive.text.scanner import Path, Scanner

T = TypeVar("T")

_RECENT: Final = 8
"""Expressions that are tried on a text; more than a group of entities usually has shapes."""
_KNOWN: Final = 1024
_MOST_VALUES: Final = 256
"""In an expression; one for more takes long to compile."""


@dataclass(frozen=True, eq=False)
class LiteralShape(Generic[T]):
    """What such texts have in common."""

    paths: tuple[Path, ...]
    """Where each value is."""
    tokens: tuple[Token, ...]
    """How each value is written."""
    meaning: T
    """What the parser said of the first such text."""


class LiteralShapes(Generic[T]):
    """Takes texts apart, and remembers their shapes."""

    def __init__(self, parse: Callable[[Scanner], T], tail: str) -> None:
        """Prepare to read texts that `parse` understands.

        :param parse: says what a text means but for its values, which it takes as slots.
        :param tail: an expression for what follows a text.
        """
        self._parse = parse
        self._tail = tail
        self._behind = re.compile(tail)
        self._known: dict[str, LiteralShape[T]] = {}
        """By the source of their expressions."""
        self._recent: list[tuple[re.Pattern[str], LiteralShape[T]]] = []

    def read(self, text: str, position: int) -> tuple[LiteralShape[T], Sequence[str], int]:
        """Return the shape and the values of what is at a place, and where its tail ends.

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
            raise scanner.error("not its end")
        slots = scanner.slots
        values = [text[slot.start : slot.end] for slot in slots]
        return self._shape(scanner, position, meaning), values, behind.end()

    def _shape(self, scanner: Scanner, position: int, meaning: T) -> LiteralShape[T]:
        """Return the shape of what has been read, and see to it that the next is matched."""
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
        # Most shapes have only one text, for which an expression would not be worth it.
        shape = self._known[source]
        self._recent.insert(0, (re.compile(source + self._tail, re.DOTALL), shape))
        del self._recent[_RECENT:]
        return shape


def _source(scanner: Scanner, position: int) -> str:
    """Return the expression of what has been read from a place on."""
    pieces = []
    for slot in scanner.slots:
        pieces += [re.escape(scanner.text[position : slot.start]), f"({slot.token.pattern})"]
        position = slot.end
    return "".join([*pieces, re.escape(scanner.text[position : scanner.position])])
