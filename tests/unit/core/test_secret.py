"""Values that no output may show."""

from __future__ import annotations

import logging

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neo4j_r2.core.secret import MASK, Redaction, Secret

HIDDEN = "correct horse battery"


@given(st.text())
def test_a_secret_reveals_itself_only_when_asked(value: str) -> None:
    assert Secret(value).reveal() == value


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(HIDDEN)),
        str(Secret(HIDDEN)),
        f"{Secret(HIDDEN)}",
        f"{Secret(HIDDEN)!r:>30}",
        "%s %r" % (Secret(HIDDEN), Secret(HIDDEN)),  # noqa: UP031 - as logging formats
        str([Secret(HIDDEN)]),
        str({"password": Secret(HIDDEN)}),
        str(ValueError(Secret(HIDDEN))),
        logging.makeLogRecord({"msg": "%s", "args": (Secret(HIDDEN),)}).getMessage(),
    ],
)
def test_a_secret_prints_as_a_mask(shown: str) -> None:
    assert MASK in shown
    assert HIDDEN not in shown


@given(st.text())
def test_the_mask_does_not_tell_how_long_the_secret_is(value: str) -> None:
    assert str(Secret(value)) == MASK


@given(st.text(), st.text())
def test_secrets_are_equal_if_their_values_are(one: str, other: str) -> None:
    assume(one != other)
    assert Secret(one) == Secret(one)
    assert Secret(one) != Secret(other)


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("x")


def test_a_secret_that_begins_with_another_secret_is_masked_whole() -> None:
    secrets = [Secret("horse battery"), Secret("horse battery staple")]
    assert Redaction(secrets)("a horse battery staple, a horse battery") == f"a {MASK}, a {MASK}"
