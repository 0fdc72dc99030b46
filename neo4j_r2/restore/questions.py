"""Reads a file of questions: Cypher, with the name and the expectation of each in comments."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neo4j_r2.archive.text.split_statements import Statement, UnfinishedError, split
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.figures import counted
from neo4j_r2.restore.expectation import Expectation, read_expectation, shown

VARIABLE: Final = "DRILL_CHECKS"
"""It names the file."""
LARGEST_FILE: Final = 256 * 1024
"""Bytes."""
MOST_QUESTIONS: Final = 100
LONGEST_NAME: Final = 100
SECONDS: Final = 60
"""How long the server may take for a question that does not say it."""
MOST_SECONDS: Final = 3600

_SHOWN_PROBLEMS: Final = 20
_NAME: Final = "check"
_EXPECTATION: Final = "expect"
_SECONDS: Final = "seconds"
_COMMENT: Final = re.compile(rf"\s*//\s*(?:({_NAME}|{_EXPECTATION}|{_SECONDS})\s*:)?(.*)")
_ANY_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Question:
    """A query, and what its answer must be."""

    name: str
    query: str
    """Without its comments."""
    expectation: Expectation
    seconds: int
    """How long the server may take for it."""


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read a file of questions.

    :raises ConfigurationError: with all that is wrong with it, in one line.
    """
    reader = _Reader(_text(path).replace("\r\n", "\n").split("\n"))
    questions = tuple(reader.questions())
    if reader.problems:
        raise ConfigurationError(f"{VARIABLE}: {_listed(reader.problems, path)}")
    if not questions:
        raise ConfigurationError(f"{VARIABLE}: there is no question in {path}")
    if len(questions) > MOST_QUESTIONS:
        number = counted(len(questions), "question")
        raise ConfigurationError(
            f"{VARIABLE}: {path} has {number}; accepted are up to {MOST_QUESTIONS}"
        )
    return questions


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigurationError(f"{VARIABLE}: {path} is no regular file")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{VARIABLE}: {path} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise ConfigurationError(f"{VARIABLE}: {path} is larger than {LARGEST_FILE // 1024} KiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{VARIABLE}: {path} is no UTF-8 text") from error


def _listed(problems: Sequence[tuple[int, str]], path: Path) -> str:
    (first, text), *others = sorted(problems)
    left_out = len(others) + 1 - _SHOWN_PROBLEMS
    parts = [f"line {first} of {path}: {text}"]
    parts += [f"line {line}: {text}" for line, text in others[: _SHOWN_PROBLEMS - 1]]
    if left_out > 0:
        parts.append(f"and {counted(left_out, 'more problem')}")
    return "; ".join(parts)


class _Reader:
    """Reads the lines of a file, and collects what is wrong with them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.problems: list[tuple[int, str]] = []
        """Each with the number of its line."""
        self._lines = lines
        self._lines_read = 0
        self._names: set[str] = set()

    def questions(self) -> Iterator[Question]:
        """Yield the questions; one with a problem is left out."""
        previous_end = 0
        try:
            for statement in split(self._counted_lines()):
                first = self._first_comment(statement.line, previous_end)
                self._refuse_strays(previous_end + 1, first)
                if question := self._question(statement, first):
                    yield question
                previous_end = self._lines_read
            self._refuse_strays(previous_end + 1, len(self._lines) + 1)
        except UnfinishedError as error:
            self.problems.append((error.line, error.lack))

    def _counted_lines(self) -> Iterator[str]:
        """Yield the lines: when a statement is yielded, it has ended in the last one of these."""
        for line in self._lines:
            self._lines_read += 1
            yield line

    def _first_comment(self, line: int, previous_end: int) -> int:
        """Return the line of the first of the comments directly above a statement.

        :param previous_end: the line in which the statement before it ends.
        """
        first = line
        while first - 1 > previous_end and _COMMENT.fullmatch(self._lines[first - 2]):
            first -= 1
        return first

    def _refuse_strays(self, first: int, end: int) -> None:
        """Refuse comments that name a question where there is none: it would be left out.

        :param first: the first of the lines; they hold no part of a statement.
        :param end: the line after the last.
        """
        text = "\n".join(self._lines[first - 1 : end - 1])
        for comment in _ANY_COMMENT.finditer(text):
            match = _COMMENT.fullmatch(comment[0])
            if match and match[1]:
                line = first + text.count("\n", 0, comment.start())
                self.problems.append((line, f'"// {match[1]}:" is not directly above a statement'))

    def _question(self, statement: Statement, first: int) -> Question | None:
        """Return a question; None if there is a problem.

        :param first: the line of the first of the comments directly above it.
        """
        problems_before = len(self.problems)
        line, text, is_command = statement
        if is_command:
            self.problems.append((line, f'"{shown(text)}" is a command for a shell, no question'))
            return None
        if not text:
            self.problems.append((line, "there is no statement before ;"))
            return None
        if self._has_name_inside(line):
            self.problems.append((line, "the statement does not end with ;"))
            return None
        comments = self._comments(line, first)
        name = self._name(line, comments.get(_NAME))
        expectation = self._expectation(line, comments.get(_EXPECTATION))
        seconds = self._seconds(comments.get(_SECONDS))
        if len(self.problems) > problems_before or expectation is None:
            return None
        return Question(name, text, expectation, seconds)

    def _has_name_inside(self, line: int) -> bool:
        """Whether the statement that was just read, from a line on, holds the next one too."""
        matches = map(_COMMENT.fullmatch, self._lines[line : self._lines_read])
        return any(match[1] == _NAME for match in matches if match)

    def _comments(self, line: int, first: int) -> dict[str, tuple[int, str]]:
        """Return what the comments directly above a statement say, each with its line."""
        found: dict[str, tuple[int, str]] = {}
        for number in range(line - 1, first - 1, -1):
            match = _COMMENT.fullmatch(self._lines[number - 1])
            if match is None or not match[1]:
                continue
            meaning, text = match[1], match[2].strip()
            if meaning in found:
                twice = f'"// {meaning}:" is there twice above one statement'
                self.problems.append((found[meaning][0], twice))
            for character in text:
                if not character.isprintable():
                    code = f"U+{ord(character):04X}"
                    self.problems.append((number, f"the character {code} cannot be printed"))
            found[meaning] = number, text
        return found

    def _name(self, line: int, comment: tuple[int, str] | None) -> str:
        if comment is None:
            self.problems.append(
                (line, f'this statement has no name: "// {_NAME}: NAME" directly before it')
            )
            return ""
        number, name = comment
        if not 0 < len(name) <= LONGEST_NAME:
            self.problems.append((number, f"a name has 1 to {LONGEST_NAME} characters"))
        elif name in self._names:
            self.problems.append((number, f'the name "{shown(name)}" is there twice'))
        self._names.add(name)
        return name

    def _expectation(self, line: int, comment: tuple[int, str] | None) -> Expectation | None:
        if comment is None:
            self.problems.append(
                (
                    line,
                    f'this statement has no expectation: "// {_EXPECTATION}: no rows", or another '
                    "one, directly before it",
                )
            )
            return None
        number, text = comment
        try:
            return read_expectation(text)
        except ValueError as error:
            self.problems.append((number, f'"// {_EXPECTATION}: {shown(text)}": {error}'))
            return None

    def _seconds(self, comment: tuple[int, str] | None) -> int:
        if comment is None:
            return SECONDS
        number, text = comment
        if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MOST_SECONDS:
            accepted = f"accepted are 1 to {MOST_SECONDS}"
            self.problems.append((number, f'"// {_SECONDS}: {shown(text)}": {accepted}'))
            return SECONDS
        return int(text)
