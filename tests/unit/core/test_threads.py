"""Steps of a stream that run side by side."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.core.errors import Interruption
from neo4j_r2.core.threads import Lanes, one_ahead, ordered_map, prefetch, while_answering

WAIT_SECONDS = 10


class Counted:
    """Numbers, and how many of them were taken."""

    def __init__(self, number: int) -> None:
        self.taken = 0
        self.ended = threading.Event()
        self._number = number

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self._number):
                self.taken += 1
                yield number
        finally:
            self.ended.set()


def failing_after(number: int, error: BaseException) -> Iterator[int]:
    yield from range(number)
    raise error


@given(st.lists(st.integers()), st.integers(1, 5))
def test_prefetch_keeps_all_items_and_their_order(items: list[int], depth: int) -> None:
    assert list(prefetch(items, depth)) == items


@pytest.mark.parametrize("error", [ValueError("broken"), Interruption(15), KeyboardInterrupt()])
def test_prefetch_raises_an_error_after_the_items_before_it(error: BaseException) -> None:
    stream = prefetch(failing_after(3, error), 2)
    assert [next(stream), next(stream), next(stream)] == [0, 1, 2]
    with pytest.raises(type(error)) as raised:
        next(stream)
    assert raised.value is error


def test_prefetch_reads_no_further_ahead_than_its_depth() -> None:
    source = Counted(2000)
    ahead = [source.taken - item for item in prefetch(source, 3)]
    assert len(ahead) == 2000
    # One item was just received, 3 are in the channel, and 1 waits for a place in it.
    assert max(ahead) <= 1 + 3 + 1


def test_prefetch_stops_reading_when_it_is_abandoned() -> None:
    source = Counted(1_000_000)
    stream = prefetch(source, 2)
    assert next(stream) == 0
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert source.ended.wait(WAIT_SECONDS)
    assert source.taken < 10


@given(st.lists(st.integers()))
def test_one_ahead_keeps_all_items_and_their_order(items: list[int]) -> None:
    assert list(one_ahead(iter(items))) == items


def test_one_ahead_raises_an_error_after_the_items_before_it() -> None:
    error = ValueError("broken")
    stream = one_ahead(failing_after(2, error))
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ValueError, match="broken") as raised:
        next(stream)
    assert raised.value is error


def test_one_ahead_takes_the_first_item_before_anybody_asks_for_it() -> None:
    taken = threading.Event()

    def items() -> Iterator[int]:
        taken.set()
        yield 1

    stream = one_ahead(items())
    assert taken.wait(WAIT_SECONDS)
    assert list(stream) == [1]


def test_one_ahead_takes_no_more_than_one_item_ahead() -> None:
    source = Counted(2000)
    ahead = [source.taken - item for item in one_ahead(iter(source))]
    assert max(ahead) <= 1 + 1


@given(st.lists(st.integers()), st.integers(1, 4))
def test_ordered_map_keeps_the_order_of_the_items(items: list[int], threads: int) -> None:
    assert list(ordered_map(str, items, threads)) == list(map(str, items))


def test_ordered_map_waits_for_a_slow_first_item() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(WAIT_SECONDS)
        else:
            second_is_done.set()
        return item

    assert list(ordered_map(work, range(4), 2)) == [0, 1, 2, 3]


def test_ordered_map_works_on_items_side_by_side() -> None:
    both = threading.Barrier(2, timeout=WAIT_SECONDS)
    arrivals = list(ordered_map(lambda _: both.wait(), range(2), 2))
    assert sorted(arrivals) == [0, 1]


def test_ordered_map_takes_no_item_before_a_call_can_begin() -> None:
    source = Counted(500)
    ahead = [source.taken - item for item in ordered_map(int, source, 2)]
    assert max(ahead) <= 2


def test_ordered_map_raises_an_error_in_the_place_of_its_item() -> None:
    stream = ordered_map(lambda item: 6 // item, [3, 2, 0, 1], 2)
    assert [next(stream), next(stream)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_long_call_may_last_while_the_server_answers() -> None:
    answers = threading.Semaphore(0)
    asked: list[str] = []

    def call() -> None:
        for _ in range(3):
            assert answers.acquire(timeout=30)

    while_answering(call, lambda: asked.append("asked"), answers.release, 0.01)
    assert len(asked) >= 3


def test_nothing_is_asked_during_a_short_call() -> None:
    asked: list[str] = []
    while_answering(lambda: None, lambda: asked.append("asked"), lambda: None, 30)
    assert asked == []


def test_an_error_of_a_long_call_is_raised() -> None:
    def call() -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        while_answering(call, lambda: None, lambda: None, 30)


def test_a_server_that_no_longer_answers_ends_a_long_call() -> None:
    never = threading.Event()

    def ask() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        while_answering(lambda: never.wait(30), ask, lambda: None, 0.01)
    never.set()


def test_lanes_run_calls_side_by_side() -> None:
    lanes, both = Lanes(2), threading.Barrier(2, timeout=WAIT_SECONDS)
    arrivals: list[int] = []
    for _ in range(2):
        lanes.begin(both.wait, arrivals.append)
    lanes.drain()
    assert sorted(arrivals) == [0, 1]


def test_lanes_run_no_more_calls_than_their_number() -> None:
    lanes, under_way, most = Lanes(2), Counter[str](), []

    def call() -> None:
        under_way["calls"] += 1
        most.append(under_way["calls"])

    def take(_: None) -> None:
        under_way["calls"] -= 1

    for _ in range(20):
        lanes.begin(call, take)
    lanes.drain()
    assert len(most) == 20
    assert max(most) <= 2


def test_lanes_take_results_in_the_order_of_the_calls_and_in_the_same_thread() -> None:
    lanes, taken = Lanes(3), list[tuple[int, int]]()

    def take(number: int) -> None:
        taken.append((number, threading.get_ident()))

    for number in range(10):
        lanes.begin(partial(int, number), take)
    lanes.drain()
    assert taken == [(number, threading.get_ident()) for number in range(10)]


def test_an_error_in_a_lane_is_raised_by_begin_or_drain() -> None:
    lanes = Lanes(1)
    lanes.begin(lambda: 1 // 0, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        lanes.begin(lambda: 1, lambda _: None)
    lanes.begin(lambda: 1 // 0, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        lanes.drain()
