"""How many entities one read asks for."""

from __future__ import annotations

from neo4j.exceptions import Neo4jError, ServiceUnavailable

from neo4j_r2.graph.read_sizes import (
    BATCH_IDS,
    QUERY_BATCHES,
    RECORD_CHARACTERS,
    SMALL_BATCH_IDS,
    UNLIMITED,
    VALUE_CHARACTERS,
    ReadSizes,
)

FAR = 1 << 40


def failure(code: str) -> Neo4jError:
    error = Neo4jError()
    error._neo4j_code = code
    return error


OUT_OF_MEMORY = failure("Neo.TransientError.General.MemoryPoolOutOfMemoryError")


def batch_ids(sizes: ReadSizes) -> int:
    return sizes.limits(0, FAR)["batch"]


def test_the_first_query_reads_full_batches_from_its_first_id() -> None:
    assert ReadSizes().limits(1000, FAR) == {
        "first": 1000,
        "last": 1000 + BATCH_IDS * QUERY_BATCHES - 1,
        "batch": BATCH_IDS,
        "limit": VALUE_CHARACTERS // BATCH_IDS,
    }


def test_where_each_query_has_to_end_it_reads_one_record() -> None:
    sizes = ReadSizes()
    sizes.end_each_query()
    assert sizes.limits(1000, FAR)["last"] == 1000 + BATCH_IDS - 1


def test_no_query_reads_beyond_the_last_id() -> None:
    assert ReadSizes().limits(10, 20)["last"] == 20


def test_large_entities_make_batches_small_and_small_ones_make_them_large_again() -> None:
    sizes = ReadSizes()
    sizes.expect(10**6 * RECORD_CHARACTERS, 10**6)
    assert batch_ids(sizes) == 1
    assert sizes.limits(0, FAR)["limit"] == UNLIMITED
    sizes.expect(1000 * 10**9, 10**9)
    assert batch_ids(sizes) == BATCH_IDS
    sizes.expect(10**12, 10**12)
    assert batch_ids(sizes) == SMALL_BATCH_IDS


def test_a_query_of_large_batches_reads_no_more_ids_than_any_other() -> None:
    sizes = ReadSizes()
    sizes.expect(10**9, 10**9)
    assert sizes.limits(0, FAR)["last"] == BATCH_IDS * QUERY_BATCHES - 1


def test_too_little_memory_makes_batches_small_for_good_down_to_one_entity() -> None:
    sizes = ReadSizes()
    found = []
    while sizes.shrink_after(OUT_OF_MEMORY):
        sizes.expect(10**9, 10**9)
        found.append(batch_ids(sizes))
    assert found == [32, 8, 2, 1]


def test_other_failures_do_not_change_the_sizes() -> None:
    sizes = ReadSizes()
    assert not sizes.shrink_after(ServiceUnavailable("gone"))
    assert not sizes.shrink_after(failure("Neo.TransientError.Transaction.DeadlockDetected"))
    assert batch_ids(sizes) == BATCH_IDS
