"""What is stored in plain text: nothing whose earlier backups are encrypted, under any prefix."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from neo4j_r2.backup.refuse_plain_text import look_and_refuse_plain_text
from neo4j_r2.bucket.client import StoredObject
from neo4j_r2.config.settings import Config, read_config
from neo4j_r2.core.errors import (
    BackupError,
    BucketError,
    BucketUnavailableError,
    ConfigurationError,
)
from tests.keys import KeyPair
from tests.unit.memory_bucket import PREFIX, MemoryBucket

STEM = "neo4j_2025-10-08_02-00-00"
OF_MOVIES = "movies_2025-10-08_02-00-00"
LATER = "neo4j_2025-10-08_03-00-00"


class _ListedBucket(MemoryBucket):
    """A bucket in memory that records what was listed, and can refuse to list all of it."""

    def __init__(self, *keys: str, refusal: BackupError | None = None) -> None:
        super().__init__()
        self.content = dict.fromkeys(keys, b"")
        self.refusal = refusal
        self.listed: list[str] = []

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        self.listed.append(prefix)
        if self.refusal and not prefix:
            raise self.refusal
        return super().objects(prefix)


def config(recipients: str = "") -> Config:
    variables = {
        "NEO4J_PASSWORD": "graph-pass-word",
        "R2_ACCOUNT_ID": "abc123",
        "R2_ACCESS_KEY_ID": "access-key-id",
        "R2_SECRET_ACCESS_KEY": "secret-access-key",
        "R2_BUCKET_NAME": "my-bucket",
        "BACKUP_ENCRYPTION_RECIPIENTS": recipients,
    }
    return read_config(variables, {})


def backup(stem: str, extension: str) -> list[str]:
    return [f"{stem}.{extension}", f"{stem}.manifest.json"]


def look(bucket: _ListedBucket, recipients: str = "") -> None:
    look_and_refuse_plain_text(bucket.bucket, config(recipients), "neo4j")


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        (f"{PREFIX}/{STEM}", "database neo4j is encrypted, "),
        (f"other/place/{STEM}", "database neo4j under other/place/ is encrypted, "),
        (f"{PREFIX}/{OF_MOVIES}", f"database movies under {PREFIX}/ is encrypted, "),
    ],
    ids=["the same place", "another prefix", "another database"],
)
def test_a_backup_is_refused_if_those_of_its_database_or_prefix_are_encrypted(
    stem: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        look(_ListedBucket(*backup(stem, "cypher.gz.age")))
    message = str(caught.value)
    assert message.startswith(f"The newest backup of {told}")
    is_elsewhere = "under" in told
    assert (f"of database neo4j under {PREFIX}/ would be" in message) == is_elsewhere
    assert ("not yours: only until this one is made)" in message) == is_elsewhere
    assert message.endswith("check BACKUP_PREFIX and NEO4J_DATABASE") == is_elsewhere


@pytest.mark.parametrize(
    "recipients", ["none", KeyPair.new().public], ids=["nobody", "a public key"]
)
def test_nothing_is_listed_if_somebody_has_said_who_may_read_the_graph(recipients: str) -> None:
    bucket = _ListedBucket(*backup(f"{PREFIX}/{STEM}", "cypher.gz.age"))
    look(bucket, recipients)
    assert bucket.listed == []


def test_the_whole_bucket_is_listed_only_for_the_first_backup_under_a_prefix() -> None:
    elsewhere = backup(f"other/{STEM}", "cypher.gz.age")
    bucket = _ListedBucket(*backup(f"{PREFIX}/{STEM}", "cypher.gz"), *elsewhere)
    look(bucket)
    assert bucket.listed == [f"{PREFIX}/"]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        backup(f"other/{STEM}", "cypher.gz"),
        [*backup(f"other/{STEM}", "cypher.gz.age"), *backup(f"other/{LATER}", "cypher.gz")],
        backup(f"other/{OF_MOVIES}", "cypher.gz.age"),
    ],
    ids=["none", "plain", "plain again", "another place"],
)
def test_backups_elsewhere_that_are_not_encrypted_or_have_nothing_in_common_refuse_nothing(
    keys: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    bucket = _ListedBucket(*keys)
    look(bucket)
    assert bucket.listed == [f"{PREFIX}/", f"{PREFIX}/", ""]
    assert caplog.records == []


def test_a_token_that_may_not_list_the_whole_bucket_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    look(_ListedBucket(refusal=BucketError("Access denied")))
    (warning,) = caplog.messages
    assert "encrypted backups under another prefix is not known (Access denied)" in warning


def test_a_bucket_with_too_many_objects_to_look_at_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    others = [f"films/{number}.mkv" for number in range(20_001)]
    look(_ListedBucket(*others, *backup(f"other/{STEM}", "cypher.gz.age")))
    (warning,) = caplog.messages
    assert "(none is among those of the first 20,000 objects)" in warning


@pytest.mark.parametrize(
    ("others", "refusal"),
    [(0, BucketError("Access denied")), (20_001, None)],
    ids=["a token for the prefix alone", "many objects before it"],
)
def test_the_prefix_is_looked_at_even_where_the_bucket_is_not(
    others: int, refusal: BucketError | None
) -> None:
    before = [f"films/{number}.mkv" for number in range(others)]
    keys = [*before, *backup(f"{PREFIX}/{OF_MOVIES}", "cypher.gz.age")]
    with pytest.raises(ConfigurationError, match="newest backup of database movies under"):
        look(_ListedBucket(*keys, refusal=refusal))


def test_an_r2_that_does_not_answer_ends_the_run() -> None:
    with pytest.raises(BucketUnavailableError):
        look(_ListedBucket(refusal=BucketUnavailableError("R2 does not answer")))
