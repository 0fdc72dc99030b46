"""Where a bucket's backups are, in the words that a message has."""

from __future__ import annotations

from neo4j_r2.bucket.whereabouts import Places, in_words, places_of, whereabouts
from tests.unit.memory_bucket import PREFIX, MemoryBucket

STEM = "neo4j_2025-10-08_02-00-00"


def places(*keys: str) -> Places:
    return places_of((key, 10) for key in keys)


def backups(number: int, prefix: str, database: str = "neo4j", extension: str = "") -> list[str]:
    """Return the keys of some backups, one a second."""
    stems = [
        f"{prefix}/{database}_2025-10-08_02-{each // 60:02}-{each % 60:02}"
        for each in range(number)
    ]
    return [f"{stem}.{end}" for stem in stems for end in (f"cypher.gz{extension}", "manifest.json")]


def test_backups_and_archives_without_a_manifest_count_whatever_their_prefix() -> None:
    found = places(
        f"a/b/{STEM}.manifest.json",
        f"a/b/{STEM}.cypher.gz",
        f"c/{STEM}.cypher.gz",
        f"a/b/{STEM}.accepted.json",
        f"a/b/{STEM}.proof.json",
        f"alone/{STEM}.proof.json",
        "a/b/movies_2025-10-08_02-00-00.manifest.json",
        f"{STEM}.manifest.json",
        "a/b/readme.txt",
    )
    assert {place: len(each) for place, each in found.items()} == {
        ("a/b", "neo4j"): 1,
        ("a/b", "movies"): 1,
        ("c", "neo4j"): 1,
    }


def test_archives_without_a_manifest_are_named_as_that_behind_backups() -> None:
    others = [f"old/neo4j_2025-10-0{day}_02-00-00.cypher.gz" for day in range(1, 9)]
    text = in_words(places(*others, f"cut/{STEM}.cypher.gz.age", *backups(1, "a")), "my-bucket")
    assert text.startswith(
        "there are backups of neo4j under a/ (1, the newest of 2025-10-08 02:00:00 UTC), "
        "neo4j under old/ (8 archives without a manifest: a KEY restores one), "
        "neo4j under cut/ (1 archive without a manifest, encrypted: a KEY restores one): "
    )


def test_a_bucket_of_archives_without_a_manifest_has_something_to_restore() -> None:
    bucket = MemoryBucket()
    bucket.content[f"{PREFIX}/{STEM}.cypher.gz"] = b""
    named = "1 archive without a manifest: a KEY restores one"
    assert whereabouts(bucket.bucket, PREFIX) == (
        f"those that are there are {named}; the bucket has no others"
    )
    assert whereabouts(bucket.bucket, "other").startswith(
        f"there are backups of neo4j under {PREFIX}/ ({named}): check BACKUP_PREFIX"
    )


def test_the_places_with_the_most_backups_are_named_first_and_safe_for_a_terminal() -> None:
    few = [key for number in range(1, 8) for key in backups(number, f"p{number}")]
    text = in_words(places(*few, *backups(1_000, "\x1b[2J", "movies")), "my-bucket")
    assert text.startswith(
        r"there are backups of movies under \x1b[2J/ (1,000, the newest of 2025-10-08 02:16:39 UTC)"
        ", neo4j under p7/ (7, the newest of 2025-10-08 02:00:06 UTC), neo4j under p6/ (6, "
    )
    assert " and 3 more: check BACKUP_PREFIX" in text


def test_a_place_whose_newest_backup_is_encrypted_is_named_as_that() -> None:
    plain_first = [*backups(1, "a"), *backups(2, "a", extension=".age")[2:]]
    plain_last = [*backups(1, "b", extension=".age"), *backups(2, "b")[2:]]
    text = in_words(places(*plain_first, *plain_last), "my-bucket")
    assert "neo4j under a/ (2, the newest of 2025-10-08 02:00:01 UTC, encrypted)" in text
    assert "neo4j under b/ (2, the newest of 2025-10-08 02:00:01 UTC)" in text


def test_an_empty_bucket_is_named() -> None:
    assert in_words({}, "my-bucket").startswith("the bucket my-bucket has no backup anywhere")


def test_a_bucket_of_which_not_all_was_looked_at_may_have_backups() -> None:
    bucket = MemoryBucket()
    bucket.content = {f"films/{number}.mkv": b"" for number in range(20_001)}
    assert whereabouts(bucket.bucket, PREFIX) == (
        "there is none among the first 20,000 objects; check BACKUP_PREFIX"
    )
