"""Asks the restored graph the questions, and says which answers are not as expected."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from neo4j_r2.archive.proof import Answer
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.figures import counted
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.read_only import QueryError, SlowQueryError, WrongQueryError, explain, read
from neo4j_r2.restore.expectation import shown
from neo4j_r2.restore.questions import VARIABLE, Question
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 10.0
"""How much longer than the server this side waits. Its connection is cut then."""


@dataclass(frozen=True)
class Asked:
    """The questions that were asked."""

    answers: list[Answer] = field(default_factory=list)
    """Those that were as expected, in the order of the file."""
    failed: list[str] = field(default_factory=list)
    """The names of all other questions."""


def explain_questions(connection: Connection, questions: Sequence[Question]) -> None:
    """Let the server plan the questions, so that a wrong one shows before the restore.

    The database may be empty. What depends on what it holds shows only when the question is asked.

    :raises ConfigurationError: naming each question that the server does not understand, that does
        not only read, or whose answer cannot be as expected.
    :raises GraphError: if the server does not answer.
    """
    problems = [
        f"question '{question.name}' {problem}"
        for question in questions
        if (problem := _problem(connection, question))
    ]
    if problems:
        raise ConfigurationError(f"{VARIABLE}: {'; '.join(problems)}")


def ask(connection: Connection, questions: Sequence[Question], watch: Watch) -> Asked:
    """Ask the questions, one after the other. The log says what is wrong with an answer.

    :raises GraphError: if the server does not answer.
    :raises Stalled: if it does not even keep the time limit of a question.
    """
    asked = Asked()
    if questions:
        log.info("Asking %s", counted(len(questions), "question"))
    for question in questions:
        with watch.limited(question.seconds + _GRACE_SECONDS):
            _ask(connection, question, asked)
    return asked


def _ask(connection: Connection, question: Question, asked: Asked) -> None:
    started = time.monotonic()
    answer, problem = _answer(connection, question)
    seconds = round(time.monotonic() - started, 1)
    if problem:
        log.warning("Question '%s' %s", question.name, problem)
        asked.failed.append(question.name)
        return
    text = question.expectation.text
    asked.answers.append(Answer(question.name, question.query, text, answer, seconds))


def _answer(connection: Connection, question: Question) -> tuple[str, str]:
    """Return the answer as text, and what is wrong with it; nothing if it is as expected."""
    try:
        rows = read(connection, question.query, question.seconds, question.expectation.reads)
    except SlowQueryError:
        return "", f"was not answered within {question.seconds} s"
    except QueryError as error:
        return "", f"failed: {shown(str(error))}"
    verdict = question.expectation.judge(rows)
    return verdict.answer, verdict.problem


def _problem(connection: Connection, question: Question) -> str:
    """Return why a question cannot be asked; empty if it can."""
    try:
        plan = explain(connection, question.query)
    except WrongQueryError as error:
        version = log_in(connection).server_version
        return f"is not understood by Neo4j {version}: {shown(str(error))}"
    except QueryError as error:
        log.debug("Question '%s' cannot be planned yet: %s", question.name, error)
        return ""
    if not plan.only_reads:
        return "does not only read the graph"
    return question.expectation.column_problem(plan.columns)
