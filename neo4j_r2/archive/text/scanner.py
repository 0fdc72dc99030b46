"""Reads a text of Cypher piece by piece, and records where its literals and maps are."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from neo4j_r2.archive.text.literals import NAME, SPACE, Token, token_at, unquoted
from neo4j_r2.core.errors import CorruptError

KeyPath = tuple[str, ...]
"""The keys that lead to a value in nested maps."""

_BLANK: Final = re.compile(SPACE)
_NAME: Final = re.compile(NAME)
_DEEPEST: Final = 3
"""The most keys in a path. An index's options have two, and so has a row of APOC."""


class Slot(NamedTuple):
    """Where a literal is: in the text, and by its keys."""

    path: KeyPath
    token: Token
    start: int
    end: int


class Scanner:
    """Reads a text from a position on. Blanks between pieces do not matter."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self.slots: list[Slot] = []
        """The literals so far."""
        self.maps: list[KeyPath] = []
        """The maps so far. An empty map leaves no slots, so only this list shows it."""

    def is_next(self, piece: str) -> bool:
        """Whether a piece comes next. If it ends in a letter or digit, its word must end there."""
        self._skip_blank()
        end = self.position + len(piece)
        return self.text.startswith(piece, self.position) and not (
            piece[-1].isalnum() and end < len(self.text) and re.match(r"\w", self.text[end])
        )

    def take(self, piece: str) -> bool:
        """Take a piece if it comes next, and return whether it did."""
        if not self.is_next(piece):
            return False
        self.position += len(piece)
        return True

    def take_match(self, pattern: re.Pattern[str]) -> str | None:
        """Take what a pattern matches, if that comes next, and return it."""
        self._skip_blank()
        match = pattern.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return match[0]

    def expect(self, *pieces: str) -> None:
        """Take pieces, one after the other.

        :raises CorruptError: if they do not come next.
        """
        for piece in pieces:
            if not self.take(piece):
                raise self.error(repr(piece))

    def end(self) -> None:
        """Check that nothing is left.

        :raises CorruptError: if something is.
        """
        self._skip_blank()
        if self.position != len(self.text):
            raise self.error("the end")

    def error(self, expected: str) -> CorruptError:
        """Return the error that says what was expected, and what comes next instead."""
        there = self.text[self.position : self.position + 40]
        return CorruptError(f"expected {expected}, found {there!r}")

    def name(self) -> str:
        """Take a name."""
        name = self.name_if_any()
        if name is None:
            raise self.error("a name")
        return name

    def name_if_any(self) -> str | None:
        """Take a name if one comes next."""
        name = self.take_match(_NAME)
        return None if name is None else unquoted(name)

    def literal(self, path: KeyPath) -> None:
        """Take a literal, and record its slot.

        :raises CorruptError: if no literal that a property can have comes next.
        """
        self._skip_blank()
        found = token_at(self.text, self.position)
        if found is None:
            raise self.error("a value")
        token, end = found
        self.slots.append(Slot(path, token, self.position, end))
        self.position = end

    def map(self, path: KeyPath, *, has_nulls: bool = True) -> None:
        """Take a map, and record a slot for each value. A key with the value null counts as absent.

        :raises CorruptError: if no map comes next, a key is there twice, or a null is not allowed.
        """
        self.expect("{")
        self.maps.append(path)
        keys: set[str] = set()
        while not self.take("}"):
            if keys:
                self.expect(",")
            key = self.name()
            if key in keys:
                raise CorruptError(f"the key {key!r} is there twice")
            keys.add(key)
            self.expect(":")
            self._value((*path, key), has_nulls)

    def _value(self, path: KeyPath, has_nulls: bool) -> None:
        if self.is_next("{"):
            if len(path) >= _DEEPEST:
                raise CorruptError("maps are nested too deep")
            self.map(path, has_nulls=has_nulls)
        elif not has_nulls or not self.take("null"):
            self.literal(path)

    def _skip_blank(self) -> None:
        blank = _BLANK.match(self.text, self.position)
        if blank is not None:
            self.position = blank.end()
