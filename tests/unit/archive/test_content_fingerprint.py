"""Fingerprints without node ids: equal for equal content."""

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
    for node, name in names.items():
        found.add_node(node, ["Person"], NAME, [name])
    for kind, ends in relationships:
        found.add_relationship(kind, ends, [], [])
    return found.sums


def test_the_names_of_nodes_do_not_matter() -> None:
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
def test_every_other_difference_matters(
    names: dict[Hashable, str], relationships: Sequence[Relationship]
) -> None:
    assert sums(names, relationships) != sums({0: "Ann", 1: "Bob"}, [("KNOWS", (0, 1))])


def test_of_a_time_only_its_presence_counts() -> None:
    def with_time(text: str | None) -> Fingerprint:
        found = ContentFingerprint()
        found.add_node(0, [], [Column("at", "zoned datetime")], [text])
        return found.sums

    assert with_time("2024-01-01T00:00Z") == with_time("2024-01-01T00:00:00Z")
    assert with_time("2024-01-01T00:00Z") != with_time(None)


def test_a_relationship_to_an_unknown_node_is_refused() -> None:
    with pytest.raises(CorruptError, match="is not there"):
        sums({0: "Ann"}, [("KNOWS", (0, 1))])
