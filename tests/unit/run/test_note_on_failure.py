"""What an error says of the state that it leaves."""

from __future__ import annotations

import logging

import pytest

from neo4j_r2.core.errors import BucketError, ConfigurationError, GraphError, Interruption
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.note_on_failure import UNCHANGED, note_on_failure


@pytest.mark.parametrize(
    ("error", "text"),
    [(GraphError("no answer"), "no answer"), (Interruption(2), "Interrupted by signal 2")],
)
def test_the_one_line_of_an_error_ends_with_its_notes(
    error: BaseException, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    def act() -> int:
        with note_on_failure(UNCHANGED), note_on_failure("try without", BucketError):
            raise error

    with caplog.at_level(logging.ERROR):
        conclude(act)

    assert caplog.messages == [f"{text}; nothing was changed"]


def test_notes_stand_below_a_list_of_problems(caplog: pytest.LogCaptureFixture) -> None:
    def act() -> int:
        with note_on_failure(UNCHANGED):
            raise ConfigurationError("Invalid configuration:\n  - R2_BUCKET_NAME is required")

    with caplog.at_level(logging.ERROR):
        conclude(act)

    assert caplog.messages[0].splitlines()[1:] == [
        "  - R2_BUCKET_NAME is required",
        "nothing was changed",
    ]


def test_an_inner_note_comes_first(caplog: pytest.LogCaptureFixture) -> None:
    def act() -> int:
        with note_on_failure(UNCHANGED), note_on_failure("try without", BucketError):
            raise BucketError("R2 failed")

    with caplog.at_level(logging.ERROR):
        assert conclude(act) == 4

    assert caplog.messages == ["R2 failed; try without; nothing was changed"]
