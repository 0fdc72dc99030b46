"""Fingerprints by content: what a text without ids has to bring back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pytest

from neo4j_r2.archive.content_fingerprint import ContentFingerprint
from neo4j_r2.archive.fingerprint import Fingerprint
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.core.errors import CorruptError

NAME = [Column("name", "string")]
Relationship = tuple[str, tuple[Hashable, Hashable]]


def sums(names: dict[Hashable, str], relationships: Sequence[Relationship] = ()) -> Fingerprint:
    found = ContentFingerprint()
    for identity, name in names.items():
        found.add_node(identity, ["Person"], NAME, [name])
    for kind, ends in relationships:
        found.add_relationship(kind, ends, [], [])
    return found.sums


def test_it_does_not_depend_on_what_nodes_are_named_by() -> None:
    by_ids = sums({0: "Ann", 1: "Bob"}, [("KNOWS", (0, 1))])
    assert sums({("key", "b"): "Bob", "a": "Ann"}, [("KNOWS", ("a", ("key", "b")))]) == by_ids


@pytest.mark.parametrize(
    ("names", "relationships"),
    [
        ({0: "Ann", 1: "Ben"}, [("KNOWS", (0, 1))]),
        ({0: "Ann", 1: "Bob"}, [("KNOWS", (1, 0))]),
        ({0: "Ann", 1: "Bob"}, [("KNOWS", (0, 0))]),
        ({0: "Ann", 1: "Bob"}, [("LIKES", (0, 1))]),
        ({0: "Ann", 1: "Bob"}, []),
        ({0: "Ann", 1: "Bob", 2: "Bob"}, [("KNOWS", (0, 1))]),
    ],
)
def test_it_sees_every_other_difference(
    names: dict[Hashable, str], relationships: Sequence[Relationship]
) -> None:
    assert sums(names, relationships) != sums({0: "Ann", 1: "Bob"}, [("KNOWS", (0, 1))])


def test_a_time_counts_as_present_however_it_is_written() -> None:
    def with_time(text: str | None) -> Fingerprint:
        found = ContentFingerprint()
        found.add_node(0, [], [Column("at", "zoned datetime")], [text])
        return found.sums

    assert with_time("2024-01-01T00:00Z") == with_time("2024-01-01T00:00:00Z")
    assert with_time("2024-01-01T00:00Z") != with_time(None)


def test_an_end_that_is_no_node_is_refused() -> None:
    with pytest.raises(CorruptError, match="is not there"):
        sums({0: "Ann"}, [("KNOWS", (0, 1))])
