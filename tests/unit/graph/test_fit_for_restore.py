"""What a server must allow for a restore."""

from __future__ import annotations

import pytest

from neo4j_r2.graph.fit_for_restore import allows_too_few_transactions, is_read_only


@pytest.mark.parametrize(("maximum", "too_few"), [(0, False), (1, True), (2, False), (1000, False)])
def test_a_restore_needs_two_transactions_at_once(maximum: int, *, too_few: bool) -> None:
    assert allows_too_few_transactions(maximum) is too_few


@pytest.mark.parametrize(
    ("read_only", "by_default", "writable", "expected"),
    [
        ("", "false", "", False),
        ("neo4j", "false", "", True),
        ("other, neo4j", "false", "neo4j", True),
        ("other", "false", "", False),
        ("", "true", "", True),
        ("", "true", "other,neo4j", False),
        ("", "true", "other", True),
    ],
)
def test_a_database_is_read_only_if_it_is_named_or_if_all_are_that_are_not_named_writable(
    read_only: str, by_default: str, writable: str, expected: bool
) -> None:
    settings = {
        "server.databases.read_only": read_only,
        "server.databases.default_to_read_only": by_default,
        "server.databases.writable": writable,
    }
    assert is_read_only(settings, "neo4j") is expected


def test_a_database_whose_settings_may_not_be_seen_is_not_taken_for_read_only() -> None:
    assert not is_read_only({}, "neo4j")
