"""Steps that run side by side."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.core.errors import Interruption
from neo4j_r2.core.threads import Lanes, ordered_map, prefetch, while_answering

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
def test_prefetched_items_come_whole_and_in_their_order(items: list[int], depth: int) -> None:
    assert list(prefetch(items, depth)) == items


@pytest.mark.parametrize("error", [ValueError("broken"), Interruption(15), KeyboardInterrupt()])
def test_an_error_of_the_items_is_raised_after_those_before_it(error: BaseException) -> None:
    stream = prefetch(failing_after(3, error), 2)
    assert [next(stream), next(stream), next(stream)] == [0, 1, 2]
    with pytest.raises(type(error)) as raised:
        next(stream)
    assert raised.value is error


def test_no_more_is_read_ahead_than_the_depth_says() -> None:
    source = Counted(2000)
    ahead = [source.taken - item for item in prefetch(source, 3)]
    assert len(ahead) == 2000
    # the one just received, those in the channel, and one that waits for a place in it
    assert max(ahead) <= 1 + 3 + 1


def test_an_abandoned_stream_is_read_no_further() -> None:
    source = Counted(1_000_000)
    stream = prefetch(source, 2)
    assert next(stream) == 0
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert source.ended.wait(WAIT_SECONDS)
    assert source.taken < 10


@given(st.lists(st.integers()), st.integers(1, 4))
def test_mapped_items_come_in_the_order_of_the_items(items: list[int], threads: int) -> None:
    assert list(ordered_map(str, items, threads)) == list(map(str, items))


def test_a_slow_first_item_is_not_overtaken() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(WAIT_SECONDS)
        else:
            second_is_done.set()
        return item

    assert list(ordered_map(work, range(4), 2)) == [0, 1, 2, 3]


def test_items_are_worked_on_side_by_side() -> None:
    both = threading.Barrier(2, timeout=WAIT_SECONDS)
    arrivals = list(ordered_map(lambda _: both.wait(), range(2), 2))
    assert sorted(arrivals) == [0, 1]


def test_mapping_takes_no_more_items_than_are_under_way() -> None:
    source = Counted(500)
    ahead = [source.taken - item for item in ordered_map(int, source, 2)]
    assert max(ahead) <= 2


def test_an_error_of_the_function_is_raised_in_its_place() -> None:
    stream = ordered_map(lambda item: 6 // item, [3, 2, 0, 1], 2)
    assert [next(stream), next(stream)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_long_call_is_waited_for_as_long_as_the_server_answers() -> None:
    answers = threading.Semaphore(0)
    asked: list[str] = []

    def call() -> None:
        for _ in range(3):
            assert answers.acquire(timeout=30)

    while_answering(call, lambda: asked.append("asked"), answers.release, 0.01)
    assert len(asked) >= 3


def test_a_short_call_is_not_asked_about() -> None:
    asked: list[str] = []
    while_answering(lambda: None, lambda: asked.append("asked"), lambda: None, 30)
    assert asked == []


def test_an_error_of_a_long_call_is_raised() -> None:
    def call() -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        while_answering(call, lambda: None, lambda: None, 30)


def test_a_server_that_answers_no_more_ends_the_waiting() -> None:
    never = threading.Event()

    def ask() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        while_answering(lambda: never.wait(30), ask, lambda: None, 0.01)
    never.set()


def test_calls_in_lanes_are_made_side_by_side() -> None:
    lanes, both = Lanes(2), threading.Barrier(2, timeout=WAIT_SECONDS)
    arrivals: list[int] = []
    for _ in range(2):
        lanes.begin(both.wait, arrivals.append)
    lanes.drain()
    assert sorted(arrivals) == [0, 1]


def test_no_more_calls_are_under_way_than_there_are_lanes() -> None:
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


def test_results_are_taken_in_the_order_of_the_calls_by_the_thread_that_began_them() -> None:
    lanes, taken = Lanes(3), list[tuple[int, int]]()

    def take(number: int) -> None:
        taken.append((number, threading.get_ident()))

    for number in range(10):
        lanes.begin(partial(int, number), take)
    lanes.drain()
    assert taken == [(number, threading.get_ident()) for number in range(10)]


def test_an_error_in_a_lane_is_raised_where_calls_are_begun_or_awaited() -> None:
    lanes = Lanes(1)
    lanes.begin(lambda: 1 // 0, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        lanes.begin(lambda: 1, lambda _: None)
    lanes.begin(lambda: 1 // 0, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        lanes.drain()
