"""Where a bucket's backups are, in the words that a message has."""

from __future__ import annotations

from collections import Counter

from neo4j_r2.bucket.whereabouts import in_words, places_of

STEM = "neo4j_2025-10-08_02-00-00"


def test_only_manifests_count_whatever_their_prefix() -> None:
    keys = [
        f"a/b/{STEM}.manifest.json",
        f"a/b/{STEM}.cypher.gz",
        f"c/{STEM}.cypher.gz",
        f"a/b/{STEM}.accepted.json",
        "a/b/movies_2025-10-08_02-00-00.manifest.json",
        f"{STEM}.manifest.json",
        "a/b/readme.txt",
    ]
    assert places_of(keys) == {("a/b", "neo4j"): 1, ("a/b", "movies"): 1}


def test_the_places_with_the_most_backups_are_named_first_and_safe_for_a_terminal() -> None:
    places = Counter({(f"p{number}", "neo4j"): number for number in range(1, 8)})
    places["\x1b[2J", "movies"] = 1_000
    text = in_words(places, "my-bucket")
    assert text.startswith(
        r"there are backups of movies (1,000) under \x1b[2J/, neo4j (7) under p7/, neo4j (6)"
    )
    assert " and 3 more: check BACKUP_PREFIX" in text


def test_an_empty_bucket_is_named() -> None:
    assert in_words(Counter(), "my-bucket").startswith(
        "the bucket my-bucket has no backup anywhere"
    )
