"""Old unfinished uploads of this database are swept; others are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.backup.sweep_uploads import ORPHANED_SECONDS, orphans
from neo4j_r2.bucket.multipart import UnfinishedUpload

NOW = 1_759_888_800.0
OWN = "neo4j-backup/neo4j_2025-10-01_02-00-00.cypher.gz"


def upload(key: str, age: float) -> UnfinishedUpload:
    return UnfinishedUpload(key, "id", NOW - age)


def swept(*uploads: UnfinishedUpload) -> list[UnfinishedUpload]:
    return orphans(uploads, "neo4j-backup", "neo4j", NOW)


@given(st.lists(st.integers(-ORPHANED_SECONDS, 3 * ORPHANED_SECONDS)))
def test_only_uploads_older_than_a_day_are_swept(ages: list[int]) -> None:
    uploads = [upload(OWN, age) for age in ages]
    assert swept(*uploads) == [each for each in uploads if NOW - each.initiated > 24 * 3600]


@pytest.mark.parametrize(
    "key",
    [
        "neo4j-backup/other_2025-10-01_02-00-00.cypher.gz",
        "neo4j-backup/neo4j_2025-10-01.tar",
        "neo4j-backup/sub/neo4j_2025-10-01_02-00-00.cypher.gz",
        "neo4j-backup-other/neo4j_2025-10-01_02-00-00.cypher.gz",
        "neo4j_2025-10-01_02-00-00.cypher.gz",
    ],
)
def test_uploads_of_other_databases_are_left_alone(key: str) -> None:
    own = upload(OWN, 99 * ORPHANED_SECONDS)
    assert swept(upload(key, 99 * ORPHANED_SECONDS), own) == [own]
