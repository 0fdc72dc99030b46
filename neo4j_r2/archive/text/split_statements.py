"""Lines of a script as its statements, without the comments.

A semicolon ends a statement unless it is in a string, in a quoted name or in a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from neo4j_r2.core.errors import CorruptError

LONGEST_STATEMENT: Final = 64 * 1024 * 1024
"""Characters; what is longer is no export's, and would fill the memory."""
_SHELL_LINES: Final = frozenset({"BEGIN", "COMMIT", "SCHEMA AWAIT"})
"""What neo4j-shell, unlike Cypher, takes without a semicolon."""
_OPEN_TEXT: Final = re.compile(
    r"""[^"'`/;]*+(?:(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|`[^`]*+`)[^"'`/;]*+)*+"""
)
_CLOSINGS: Final = {
    '"': re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"'),
    "'": re.compile(r"[^'\\]*+(?:\\.[^'\\]*+)*+'"),
    "`": re.compile(r"[^`]*+`"),
    "/*": re.compile(r".*?\*/"),
}
"""For what a line can leave open, the rest of it."""


class Statement(NamedTuple):
    """A statement without its semicolon, or a line that is for a shell."""

    line: int
    """The number of the line that it begins in."""
    text: str
    """Without comments and blanks around it."""
    is_command: bool
    """Whether it is for a shell."""


def split(lines: Iterable[str]) -> Iterator[Statement]:
    """Yield the statements of a script.

    :param lines: of which each ended with a line feed, that has been removed.
    :raises CorruptError: if the last statement does not end, or one is too long.
    """
    splitter = _Splitter()
    for number, line in enumerate(lines, 1):
        yield from splitter.read(number, line)
    splitter.finish()


class _Splitter:
    """The pieces of the statement that has not ended yet."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._first = 0
        self._open = ""
        """What the line before has left open: a key of `_CLOSINGS`."""

    def read(self, number: int, line: str) -> Iterator[Statement]:
        if not self._pieces and not self._open:
            command = line.strip()
            if command.startswith(":") or command in _SHELL_LINES:
                yield Statement(number, command, is_command=True)
                return
        position = 0
        while position < len(line):
            position, ends = self._step(number, line, position)
            if ends:
                yield self._ended(number)
        if self._pieces:
            self._add(number, "\n")

    def finish(self) -> None:
        if self._pieces:
            raise CorruptError(
                f"line {self._first}: the statement does not end: the file was cut off"
            )
        if self._open:
            raise CorruptError("a comment does not end: the file was cut off")

    def _step(self, number: int, line: str, position: int) -> tuple[int, bool]:
        """Go on from a place, and return where to and whether the statement ends there."""
        if self._open:
            return self._close(number, line, position), False
        match = _OPEN_TEXT.match(line, position)
        end = match.end() if match else position
        self._add(number, line[position:end])
        following = line[end : end + 2]
        if following[:1] == ";":
            return end + 1, True
        if following == "//":
            return len(line), False
        if following == "/*":
            self._add(number, " ")
            self._open = "/*"
            return end + 2, False
        if following[:1] in _CLOSINGS:
            self._open = following[0]
        self._add(number, following[:1])
        return end + 1, False

    def _close(self, number: int, line: str, position: int) -> int:
        """Go behind what is open if it ends in this line, and return where to."""
        match = _CLOSINGS[self._open].match(line, position)
        end = match.end() if match else len(line)
        if self._open != "/*":
            self._add(number, line[position:end])
        if match:
            self._open = ""
        return end

    def _add(self, number: int, piece: str) -> None:
        if not self._pieces:
            piece = piece.lstrip()
            self._first = number
        if piece:
            self._pieces.append(piece)
            self._size += len(piece)
        if self._size > LONGEST_STATEMENT:
            raise CorruptError(f"line {self._first}: the statement is too long")

    def _ended(self, number: int) -> Statement:
        text = "".join(self._pieces).rstrip()
        first = self._first if self._pieces else number
        self._pieces.clear()
        self._size = 0
        return Statement(first, text, is_command=False)
