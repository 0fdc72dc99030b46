"""The exit codes that README documents."""

from __future__ import annotations

import pytest

from neo4j_r2.core.errors import (
    BackupError,
    BucketError,
    ConfigurationError,
    CorruptError,
    GraphError,
    Interruption,
    LockedError,
    Side,
    Stalled,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BackupError, 1),
        (ConfigurationError, 2),
        (GraphError, 3),
        (BucketError, 4),
        (CorruptError, 5),
        (LockedError, 6),
    ],
)
def test_an_error_has_its_documented_exit_code(error: type[BackupError], code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_a_signal_ends_with_the_exit_code_that_shells_give_it(number: int, code: int) -> None:
    assert Interruption(number).code == code


def test_an_end_from_outside_is_no_ordinary_exception() -> None:
    assert not isinstance(Interruption(15), Exception)
    assert not isinstance(Stalled(Side.R2, 900), Exception)
