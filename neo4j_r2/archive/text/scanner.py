"""A text of Cypher, read piece by piece."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from neo4j_r2.archive.text.literals import NAME, SPACE, Token, token_at, unquoted
from neo4j_r2.core.errors import CorruptError

Path = tuple[str, ...]
"""The keys by which one comes to a value in maps within maps."""

_BLANK: Final = re.compile(SPACE)
_NAME: Final = re.compile(NAME)
_DEEPEST: Final = 3
"""Keys in a path: an index's options have two, a row of APOC's has two."""


class Slot(NamedTuple):
    """A literal at its place in a text."""

    path: Path
    token: Token
    start: int
    end: int


class Scanner:
    """A text, read from a place on; blanks between pieces do not matter."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self.slots: list[Slot] = []
        """The literals so far."""
        self.maps: list[Path] = []
        """The maps so far; an empty one has no slots."""

    def is_next(self, piece: str) -> bool:
        """Whether a piece comes next; a word must not go on behind it."""
        self._skip_blank()
        end = self.position + len(piece)
        return self.text.startswith(piece, self.position) and not (
            piece[-1].isalnum() and end < len(self.text) and re.match(r"\w", self.text[end])
        )

    def take(self, piece: str) -> bool:
        """Go behind a piece if it comes next, and say whether it did."""
        if not self.is_next(piece):
            return False
        self.position += len(piece)
        return True

    def expect(self, *pieces: str) -> None:
        """Go behind some pieces.

        :raises CorruptError: if they do not come next.
        """
        for piece in pieces:
            if not self.take(piece):
                raise self.error(f"not {piece!r}")

    def end(self) -> None:
        """Demand that nothing is left.

        :raises CorruptError: if something is.
        """
        self._skip_blank()
        if self.position != len(self.text):
            raise self.error("not the end")

    def error(self, reason: str) -> CorruptError:
        """Return the error that says what comes next and is not what should."""
        there = self.text[self.position : self.position + 40]
        return CorruptError(f"{reason} but {there!r}")

    def name(self) -> str:
        """Take a name."""
        name = self.name_if_any()
        if name is None:
            raise self.error("not a name")
        return name

    def name_if_any(self) -> str | None:
        """Take a name if one comes next."""
        self._skip_blank()
        match = _NAME.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return unquoted(match[0])

    def literal(self, path: Path) -> None:
        """Take a literal, as a slot.

        :raises CorruptError: if none of those that a property can have comes next.
        """
        self._skip_blank()
        found = token_at(self.text, self.position)
        if found is None:
            raise self.error("not a value")
        token, end = found
        self.slots.append(Slot(path, token, self.position, end))
        self.position = end

    def map(self, path: Path, *, has_nulls: bool = True) -> None:
        """Take a map, its values as slots. A key whose value is null is as good as absent.

        :raises CorruptError: if none comes next, a key is there twice, or a null is not allowed.
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

    def _value(self, path: Path, has_nulls: bool) -> None:
        if self.is_next("{"):
            if len(path) >= _DEEPEST:
                raise CorruptError("maps are too deep in each other")
            self.map(path, has_nulls=has_nulls)
        elif not has_nulls or not self.take("null"):
            self.literal(path)

    def _skip_blank(self) -> None:
        blank = _BLANK.match(self.text, self.position)
        if blank is not None:
            self.position = blank.end()
