"""The file with the rows of a backup: it is whole, or it is not used."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.text.rows import EntityKind
from neo4j_r2.backup.row_state import (
    DIGEST_BYTES,
    Digester,
    RowState,
    RowStateError,
    RowStateWriter,
)
from tests.full_disk import filled, small_disk

DESCRIPTION = {"key": "00", "of": "é"}
IDS = st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 200), unique=True, max_size=300).map(
    sorted
)


def digests(ids: list[int]) -> list[bytes]:
    return [number.to_bytes(DIGEST_BYTES, "big") for number in ids]


def write(path: Path, batches: dict[EntityKind, list[list[int]]]) -> None:
    writer = RowStateWriter(path)
    for entity, lists in batches.items():
        for ids in lists:
            writer.add(entity, ids, digests(ids))
    writer.keep(DESCRIPTION, replaces=False)


def rows(state: RowState, entity: EntityKind) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for batch in state.rows(entity):
        assert not found or max(found) < batch.ids[0]
        found.update(zip(batch.ids, batch.digests, strict=True))
    return found


@given(nodes=IDS, relationships=IDS, step=st.integers(1, 50))
def test_all_rows_come_back_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[int], relationships: list[int], step: int
) -> None:
    path = tmp_path_factory.mktemp("state") / "neo4j.rows"
    write(
        path,
        {
            "node": [nodes[place : place + step] for place in range(0, len(nodes), step)],
            "relationship": [relationships],
        },
    )
    state = RowState(path)
    assert state.description == DESCRIPTION
    assert rows(state, "node") == dict(zip(nodes, digests(nodes), strict=True))
    found = rows(state, "relationship")
    assert found == dict(zip(relationships, digests(relationships), strict=True))


def test_many_rows_are_several_batches(tmp_path: Path) -> None:
    ids = list(range(0, 30_000, 3))
    write(
        tmp_path / "rows", {"node": [ids[place : place + 500] for place in range(0, 10_000, 500)]}
    )
    state = RowState(tmp_path / "rows")
    assert len(list(state.rows("node"))) > 1
    assert list(rows(state, "node")) == ids
    assert rows(state, "relationship") == {}


def small(path: Path) -> bytes:
    write(path, {"node": [[0, 1, 2, 7], [9]], "relationship": [[4, 5, 6]]})
    return path.read_bytes()


def test_a_change_of_any_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    data = small(path)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(RowStateError, match="is damaged"):
            RowState(path)


def test_a_file_that_was_cut_or_has_more_is_found(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    data = small(path)
    for cut in (*(data[:length] for length in range(len(data))), data + b"\0", data + data):
        path.write_bytes(cut)
        with pytest.raises(RowStateError, match="is damaged"):
            RowState(path)


def test_damage_after_the_check_is_an_error_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    data = small(path)
    for place in range(len(data)):
        path.write_bytes(data)
        state = RowState(path)
        changed = bytearray(data)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        with suppress(RowStateError):
            list(state.rows("node"))
            list(state.rows("relationship"))


def test_a_file_that_is_not_there_or_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(RowStateError, match="this host has no record"):
        RowState(tmp_path / "neo4j.rows")
    with pytest.raises(RowStateError, match=r"cannot be read \(Is a directory\)"):
        RowState(tmp_path)


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    small(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_dropped_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    data = small(path)
    writer = RowStateWriter(path)
    writer.add("node", [5], digests([5]))
    assert path.read_bytes() == data
    writer.drop()
    assert path.read_bytes() == data
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_was_removed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    write(path, {})
    for is_there in (True, False):
        writer = RowStateWriter(path)
        writer.add("node", [5], digests([5]))
        if not is_there:
            path.unlink()
        writer.keep(DESCRIPTION, replaces=True)
        writer.drop()
        assert os.listdir(tmp_path) == [path.name] * is_there


def test_a_file_that_was_kept_stays_when_it_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    writer = RowStateWriter(path)
    writer.keep(DESCRIPTION, replaces=False)
    writer.drop()
    assert RowState(path).description == DESCRIPTION


def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "neo4j.rows"
    killed = RowStateWriter(path)
    killed.add("node", [1], digests([1]))
    small(path)
    assert os.listdir(tmp_path) == [path.name]


def test_without_space_the_old_file_stays(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        path = tmp_path / "disk" / "neo4j.rows"
        data = small(path)
        with filled(path.parent):
            with pytest.raises(OSError, match="No space left"):
                write(
                    path,
                    {"node": [list(range(place, place + 4096)) for place in range(0, 65536, 4096)]},
                )
            assert path.read_bytes() == data


def test_a_digest_depends_on_the_hash_and_on_the_key() -> None:
    hashes: list[Any] = [b"a" * 32, b"b" * 32]
    one, other = Digester(), Digester()
    assert one.digests(hashes) == Digester(one.key).digests(hashes)
    assert len({*one.digests(hashes), *other.digests(hashes)}) == 4
    assert {len(each) for each in one.digests(hashes)} == {DIGEST_BYTES}
