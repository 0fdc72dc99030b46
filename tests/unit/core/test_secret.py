"""Values that no output may show."""

from __future__ import annotations

import logging

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neo4j_r2.core.secret import MASK, Redaction, Secret, has_private_key
from tests.keys import KeyPair

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


PRIVATE = KeyPair.new().private


@pytest.mark.parametrize(
    "key",
    [PRIVATE, PRIVATE.lower(), PRIVATE[:-1], f"{PRIVATE}X"],
    ids=["whole", "lower case", "shorter", "longer"],
)
def test_a_private_key_is_masked_wherever_it_comes_from(key: str) -> None:
    assert Redaction()(f"There is no backup {key}; nearest are a, b") == (
        f"There is no backup {MASK}; nearest are a, b"
    )
    assert has_private_key(f"# a comment\n{key}\n")


def test_the_login_in_a_url_is_masked_wherever_it_comes_from() -> None:
    text = "bolt://neo4j:pass-word@host:7687 and s3://bucket/a@b"
    assert Redaction()(text) == f"bolt://{MASK}@host:7687 and s3://bucket/a@b"


@pytest.mark.parametrize(
    "text",
    [
        "no private key as age-keygen prints it (AGE-SECRET-KEY-1...)",
        "/keys/age-secret-key.txt",
        "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
    ],
)
def test_words_about_private_keys_are_not_masked(text: str) -> None:
    assert Redaction()(text) == text
    assert not has_private_key(text)
