"""Splits the lines of a script into its statements, without the comments.

A semicolon ends a statement unless it is in a string, in a quoted name or in a comment.

The regular expressions use possessive repetition (``*+``): it never gives back what it has matched,
so a line of any length is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

from neo4j_r2.core.errors import CorruptError

LONGEST_STATEMENT: Final = 64 * 1024 * 1024
"""In characters. No export has longer ones, and they would fill the memory."""
_SHELL_LINES: Final = frozenset({"BEGIN", "COMMIT", "SCHEMA AWAIT"})
"""The commands of neo4j-shell, which have no semicolon; APOC 3.0 wrote them in lower case."""
# All up to the next semicolon, slash or unclosed quote: plain text, and whole strings and names.
_OPEN_TEXT: Final = re.compile(
    r"""[^"'`/;]*+(?:(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|`[^`]*+`)[^"'`/;]*+)*+"""
)
_CLOSINGS: Final = {
    '"': re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"'),
    "'": re.compile(r"[^'\\]*+(?:\\.[^'\\]*+)*+'"),
    "`": re.compile(r"[^`]*+`"),
    "/*": re.compile(r".*?\*/"),
}
"""What a line can leave open, and the pattern of the rest of it up to its end."""


class UnfinishedError(CorruptError):
    """The script ends within a statement or a comment."""

    line = 0
    """The number of the line in which the statement or the comment begins."""
    lack = ""
    """What is wrong with a script that somebody wrote by hand."""

    @classmethod
    def of(cls, line: int, what: str, ending: str) -> Self:
        """Return the error.

        :param what: a statement or a comment.
        :param ending: how it should end.
        """
        error = cls(f"line {line}: {what} does not end: the file was cut off")
        error.line = line
        error.lack = f"{what} does not end with {ending}"
        return error


class Statement(NamedTuple):
    """A statement, or a command for cypher-shell or neo4j-shell."""

    line: int
    """The number of the line in which it begins."""
    text: str
    """Without its semicolon, comments, and blanks around it."""
    is_command: bool
    """Whether it is a command for a shell."""


def split(lines: Iterable[str]) -> Iterator[Statement]:
    """Yield the statements of a script.

    :param lines: without their line feeds.
    :raises UnfinishedError: if the last statement or comment does not end.
    :raises CorruptError: if a statement is too long.
    """
    splitter = _Splitter()
    for number, line in enumerate(lines, 1):
        yield from splitter.read(number, line)
    splitter.finish()


class _Splitter:
    """Collects the pieces of a statement until it ends."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._first = 0
        self._open = ""
        """What is open where the reading goes on: a key of `_CLOSINGS`, or nothing."""
        self._opened = 0
        """The line of the last comment that could have more than one."""

    def read(self, number: int, line: str) -> Iterator[Statement]:
        if not self._pieces and not self._open:
            command = line.strip()
            if command.startswith(":") or command.upper() in _SHELL_LINES:
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
            raise UnfinishedError.of(self._first, "the statement", ";")
        if self._open:
            raise UnfinishedError.of(self._opened, "a comment", "*/")

    def _step(self, number: int, line: str, position: int) -> tuple[int, bool]:
        """Read on from a position; return the next one, and whether the statement ends there."""
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
            self._open, self._opened = "/*", number
            return end + 2, False
        if following[:1] in _CLOSINGS:
            self._open = following[0]
        self._add(number, following[:1])
        return end + 1, False

    def _close(self, number: int, line: str, position: int) -> int:
        """Read to the end of what is open, or of the line; return the position there."""
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
