"""When the service starts although backups of some databases are refused."""

from __future__ import annotations

import pytest

from neo4j_r2.commands.wait import refuse_plain_text_of_all
from neo4j_r2.core.errors import ConfigurationError
from tests.unit.backup.test_refuse_plain_text import OF_MOVIES, STEM, backup, config
from tests.unit.memory_bucket import PREFIX, MemoryBucket


@pytest.fixture
def bucket() -> MemoryBucket:
    """A bucket in which the backups of movies are encrypted, and those of neo4j are not."""
    bucket = MemoryBucket()
    keys = [
        *backup(f"{PREFIX}/{STEM}", "cypher.gz"),
        *backup(f"other/{OF_MOVIES}", "cypher.gz.age"),
    ]
    bucket.content = dict.fromkeys(keys, b"")
    return bucket


def test_a_database_whose_backup_is_refused_does_not_stop_those_of_others(
    bucket: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_plain_text_of_all(bucket.bucket, config(), ["movies", "neo4j"])
    (warning,) = caplog.messages
    assert warning.startswith("The newest backup of database movies under other/ is encrypted")


def test_a_service_that_could_store_no_backup_does_not_start(bucket: MemoryBucket) -> None:
    with pytest.raises(ConfigurationError, match="movies under other/ is encrypted"):
        refuse_plain_text_of_all(bucket.bucket, config(), ["movies"])
