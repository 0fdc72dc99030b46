"""Which stored backup, and which database, the options of a command mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.bucket.backups import StoredBackup, backups_among
from neo4j_r2.bucket.choose_backup import (
    choose,
    choose_database,
    key_of_proved,
    no_such_backup,
    oldest_is_younger,
    plain_key,
    taken_up_to,
)
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.config.parsers import ALL_DATABASES, LATEST
from neo4j_r2.core.errors import ConfigurationError

PREFIX = "backups/of neo4j"
BEGIN = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
HOURS = st.integers(0, 9)
FILES = st.sampled_from([("gz", "manifest"), ("gz",), ("manifest",), ("gz", "plain", "manifest")])
LISTINGS = st.dictionaries(st.tuples(HOURS, st.sampled_from(["neo4j", "other"])), FILES)

Listing = dict[tuple[int, str], tuple[str, ...]]


def at(hour: int) -> datetime:
    return BEGIN + timedelta(hours=hour)


def key(hour: int, file: str = "gz", database: str = "neo4j") -> str:
    name = BackupName(PREFIX, database, at(hour))
    return name.manifest_key if file == "manifest" else name.archive_key(compressed=file == "gz")


def stored(listing: Listing) -> list[StoredBackup]:
    keys = [key(hour, each, name) for (hour, name), files in listing.items() for each in files]
    return backups_among(((each, 1) for each in keys), PREFIX)


def hours_up_to(backups: list[StoredBackup], moment: datetime | None) -> list[int]:
    """Return the hours of the backups of neo4j up to a time, in their order."""
    found = taken_up_to(backups, "neo4j", moment)
    return [int((backup.name.taken - BEGIN).total_seconds()) // 3600 for backup in found]


BOTH = ("gz", "manifest")
THREE = stored({(hour, "neo4j"): BOTH for hour in range(3)})


@given(LISTINGS, st.none() | HOURS)
@example({(0, "neo4j"): BOTH, (2, "neo4j"): BOTH, (3, "other"): BOTH}, 2)
@example({(0, "neo4j"): BOTH, (1, "neo4j"): ("gz",), (2, "neo4j"): ("manifest",)}, None)
def test_the_latest_is_among_the_backups_of_the_database_up_to_the_time(
    listing: Listing, hour: int | None
) -> None:
    wanted = sorted(
        taken
        for taken, database in listing
        if database == "neo4j" and (hour is None or taken <= hour)
    )
    assert hours_up_to(stored(listing), None if hour is None else at(hour)) == wanted


@pytest.mark.parametrize(("second", "hour"), [(-1, 0), (0, 1), (1, 1)])
def test_a_backup_of_exactly_the_given_time_can_be_the_latest(second: int, hour: int) -> None:
    moment = at(1) + timedelta(seconds=second)
    assert hours_up_to(THREE, moment)[-1] == hour


def test_a_time_in_another_zone_is_the_same_time() -> None:
    moment = datetime.fromisoformat("2025-10-08T05:00:00+02:00")
    assert hours_up_to(THREE, moment)[-1] == 1


def test_an_error_names_the_oldest_backup_if_the_time_is_before_all_backups() -> None:
    backups = stored({(0, "other"): BOTH, (1, "neo4j"): ("gz",)}) + THREE[2:]
    backups += stored({(3, "neo4j"): BOTH})
    error = str(oldest_is_younger(backups, "neo4j", at(1)))
    assert error == (
        "There is no backup of database neo4j that old, up to 2025-10-08 03:00:00 UTC; the oldest "
        "is of 2025-10-08 04:00:00 UTC"
    )
    for moment in (None, at(2)):  # what there is of that time is not complete
        assert oldest_is_younger(backups, "neo4j", moment) is None


@given(LISTINGS)
@example({(0, "neo4j"): ("gz",), (0, "other"): ("manifest",)})
def test_a_key_names_its_backup_with_or_without_the_prefix_or_the_extension(
    listing: Listing,
) -> None:
    backups = stored(listing)
    for (hour, database), files in listing.items():
        for file in files:
            full = key(hour, file, database)
            stem = BackupName(PREFIX, database, at(hour)).stem
            for name in (full, full.rpartition("/")[2], f"{PREFIX}/{stem}", stem):
                chosen = choose(backups, name)
                assert (chosen.name.taken, chosen.name.database) == (at(hour), database)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "neo4j", PREFIX, f"{PREFIX}/", "latest ", "Latest"),
        *(key(3), key(1)[:-1], key(1)[1:], f"/{key(1)}", f"other/{key(1)}", f"{key(1)} "),
        *(key(1).removesuffix(".gz"), key(1).upper(), "é\n" * 99),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_keys(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose(THREE, name)
    start, _, nearest = str(caught.value).partition("; nearest are ")
    assert start == f"There is no backup {name}"
    archives = {key(hour, "gz") for hour in range(3)}
    assert nearest.endswith("; `list` shows all")
    assert {*nearest.removesuffix("; `list` shows all").split(", ")} == archives


def test_keys_under_another_prefix_are_said_to_be_listed_with_that_prefix() -> None:
    told = str(no_such_backup(THREE, "x", "other/\x1bplace"))
    assert told.endswith(r"; `list` with BACKUP_PREFIX=other/\x1bplace shows all")


def test_a_mistyped_key_is_answered_with_the_right_key_first() -> None:
    with pytest.raises(ConfigurationError, match=f"nearest are {key(1)}, "):
        choose(THREE, key(1).replace(".cypher.gz", ".cyper.gz"))


def test_no_key_is_suggested_if_there_is_no_backup() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no backup x$"):
        choose([], "x")
    assert oldest_is_younger([], "neo4j", at(0)) is None


@pytest.mark.parametrize("text", ["s3://my-bucket/a/b.gz", "S3://my-bucket/a/b.gz", "a/b.gz"])
def test_an_address_in_the_bucket_is_a_key(text: str) -> None:
    assert plain_key(text, "my-bucket") == "a/b.gz"


@pytest.mark.parametrize(
    "text", ["s3://other/a/b.gz", "s3://my-bucket/", "s3://my-bucket", "s3://"]
)
def test_an_address_that_names_no_object_of_the_bucket_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no object of the bucket my-bucket, which R2_B"):
        plain_key(text, "my-bucket")


@pytest.mark.parametrize(
    ("configured", "wished", "name", "chosen"),
    [
        (("neo4j",), None, None, "neo4j"),
        (("neo4j",), None, key(0, database="other"), "neo4j"),
        (("neo4j",), "other", None, "other"),
        (("neo4j", "other"), None, key(0, database="other"), "other"),
        (("neo4j", "other"), "neo4j", key(0, database="other"), "neo4j"),
        (ALL_DATABASES, None, "other_2025-10-08_02-00-00.cypher.gz.age", "other"),
        (ALL_DATABASES, None, "backups/other_2025-10-08_02-00-00", "other"),
        (ALL_DATABASES, "neo4j", None, "neo4j"),
    ],
)
def test_the_database_comes_from_the_option_or_the_configuration_or_the_key(
    configured: tuple[str, ...], wished: str | None, name: str | None, chosen: str
) -> None:
    assert choose_database(configured, wished, name) == chosen


@pytest.mark.parametrize("configured", [("neo4j", "other"), ALL_DATABASES])
@pytest.mark.parametrize("name", [None, LATEST, "backup.cypher.gz", "exports/apoc.cypher"])
def test_a_database_is_never_guessed(configured: tuple[str, ...], name: str | None) -> None:
    with pytest.raises(ConfigurationError, match="say which one is meant"):
        choose_database(configured, None, name)


@pytest.mark.parametrize("start", ["", f"{PREFIX}/", f"s3://bucket/{PREFIX}/"])
def test_the_key_of_a_proof_means_its_backup_where_a_proof_is_asked_for(start: str) -> None:
    stem = "neo4j_2025-10-08_03-00-00"
    for extension in (".proof.json", ".cypher.gz", ".manifest.json", ""):
        named = key_of_proved(f"{start}{stem}{extension}", "bucket")
        assert choose(THREE, named).name == BackupName(PREFIX, "neo4j", at(1))


def test_elsewhere_the_key_of_a_proof_is_no_backup() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no backup .*\.proof\.json; nearest"):
        choose(THREE, f"{PREFIX}/neo4j_2025-10-08_03-00-00.proof.json")


def test_the_key_of_a_proof_names_the_database() -> None:
    key_of_movies = "neo4j-backup/movies_2025-10-08_02-00-00.proof.json"
    assert choose_database(("movies", "people"), None, key_of_movies) == "movies"
