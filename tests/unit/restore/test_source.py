"""Which of the stored backups a restore takes."""

from __future__ import annotations

import pytest

from neo4j_r2.config.parsers import LATEST
from neo4j_r2.restore.source import Wish, chosen_source, latest_with_nodes
from tests.unit.memory_bucket import PREFIX, MemoryBucket, name_of

WISH = Wish("neo4j", LATEST, None)


def test_the_latest_backup_with_data_is_named_with_what_was_passed_over_for_it_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = MemoryBucket()
    with_data, damaged = memory.add(4), memory.add(3)
    memory.add(2, nodes=0)
    told = memory.add(1, nodes=0)
    for days in (3, 1):
        del memory.content[name_of(days).manifest_key]

    empty = chosen_source(memory.bucket, PREFIX, WISH)
    assert [message.split(":")[0] for message in caplog.messages] == [
        f"Passed over {told.archive_key}"
    ]
    caplog.clear()
    assert latest_with_nodes(memory.bucket, PREFIX, WISH, empty) == with_data.archive_key
    assert caplog.messages == [
        f"Passed over {damaged.archive_key}: it has no manifest; "
        f"{with_data.archive_key} is used instead"
    ]
