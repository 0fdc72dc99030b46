"""Archives are merged by id: the newest row of an id wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.merge import Piece, merged
from neo4j_r2.archive.text.rows import by_shape
from tests.entities import Entity, entities, node_rows

IDS = st.integers(0, 25)
Content = tuple[str, int]
"""The label and the value of a node."""
CONTENTS = st.tuples(st.sampled_from("AB"), st.integers(0, 3))
STATES = st.dictionaries(IDS, CONTENTS, max_size=20)
GONE = None
HISTORIES = st.tuples(
    STATES, st.lists(st.dictionaries(IDS, st.none() | CONTENTS, max_size=8), max_size=5)
)
CUTS = st.lists(st.integers(0, 26), max_size=6)


def piece(changes: Mapping[int, Content | None]) -> Piece:
    """Return what an archive says of some ids."""
    records = [
        [number, [content[0]], ["value"], [content[1]]]
        for number, content in sorted(changes.items())
        if content
    ]
    gone = sorted(number for number, content in changes.items() if content is None)
    return Piece(node_rows(records), gone)


def pieces(changes: Mapping[int, Content | None], cuts: list[int]) -> Iterator[Piece]:
    """Return what an archive says, cut into pieces."""
    rest: Piece | None = piece(changes)
    for cut in sorted(cuts):
        if rest:
            first, rest = rest.cut_behind(cut)
            if first:
                yield first
    if rest:
        yield rest


def single(state: Mapping[int, Content]) -> list[Entity]:
    return entities(piece(state).rows)


@given(HISTORIES, st.data())
def test_archives_of_any_history_together_are_its_last_state(
    history: tuple[dict[int, Content], list[dict[int, Content | None]]], data: st.DataObject
) -> None:
    state, increments = history
    last = dict(state)
    for increment in increments:
        for number, content in increment.items():
            last.pop(number, None)
            if content:
                last[number] = content
    changes: list[Mapping[int, Content | None]] = [state, *increments]
    archives = [pieces(each, data.draw(CUTS)) for each in changes]

    batches = list(merged(archives))

    assert entities(rows for batch in batches for rows in batch) == single(last)
    assert all(batch for batch in batches)
    ends = [
        (min(rows.ids[0] for rows in batch), max(rows.ids[-1] for rows in batch))
        for batch in batches
    ]
    assert [each for end in ends for each in end] == sorted(each for end in ends for each in end)
    for batch in batches:
        assert len({rows.shape for rows in batch}) == len(batch)
        assert all(list(rows.ids) == sorted(rows.ids) for rows in batch)


@given(STATES, CUTS)
def test_a_single_archive_is_what_it_is(state: dict[int, Content], cuts: list[int]) -> None:
    rows = [rows for batch in merged([pieces(state, cuts)]) for rows in batch]
    assert entities(rows) == single(state)
    assert entities(by_shape(rows)) == single(state)


def test_no_archive_has_no_rows() -> None:
    assert list(merged([])) == []
    assert list(merged([iter(())])) == []


@given(st.dictionaries(IDS, st.none() | CONTENTS, min_size=1, max_size=12), st.integers(0, 26))
def test_a_piece_is_cut_behind_an_id(changes: dict[int, Content | None], last: int) -> None:
    low, high = piece(changes).cut_behind(last)
    for half, numbers in (
        (low, [number for number in changes if number <= last]),
        (high, [number for number in changes if number > last]),
    ):
        expected = piece({number: changes[number] for number in numbers})
        assert bool(half) == bool(numbers)
        if half:
            assert entities(half.rows) == entities(expected.rows)
            assert list(half.gone) == list(expected.gone)
            assert (half.first, half.last) == (min(numbers), max(numbers))
