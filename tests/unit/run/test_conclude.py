"""Every error ends in one line and an exit code."""

from __future__ import annotations

import logging

import pytest

from neo4j_r2.core.errors import BucketError, ConfigurationError, Interruption
from neo4j_r2.run.conclude import conclude


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (ConfigurationError("wrong"), 2, "wrong"),
        (BucketError("refused"), 4, "refused"),
        (Interruption(15), 143, "Interrupted by signal 15"),
        (KeyError("x"), 1, "Unexpected error"),
        (ImportError("no", name="neo4j_r2.gone"), 1, "Unexpected error"),
    ],
)
def test_an_error_becomes_one_line_and_its_exit_code(
    error: BaseException, exit_code: int, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise error

    assert conclude(fail) == exit_code
    assert caplog.messages == [line]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert (caplog.records[0].exc_info is not None) == (exit_code == 1)


@pytest.mark.parametrize("exit_code", [0, 1])
def test_an_act_without_an_error_keeps_its_exit_code(
    exit_code: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert conclude(lambda: exit_code) == exit_code
    assert caplog.messages == []
