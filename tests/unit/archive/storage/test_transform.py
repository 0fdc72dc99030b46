"""A call that reads a file and writes another works as a step of a stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import BufferedIOBase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.storage.transform import transformed
from neo4j_r2.core.errors import Interruption
from tests.unit.core.test_threads import WAIT_SECONDS
from tests.unit.process import start

CHUNKS = st.lists(st.binary(max_size=50))


def copy(source: BufferedIOBase, sink: BufferedIOBase) -> None:
    while data := source.read(7):
        sink.write(data)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "transform"]


def assert_no_thread_is_left() -> None:
    for thread in threads():
        thread.join(WAIT_SECONDS)
    assert threads() == []


def failing_after(number: int, error: BaseException) -> Iterator[bytes]:
    yield from [b"chunk"] * number
    raise error


@given(CHUNKS)
def test_the_output_comes_back_in_order(chunks: list[bytes]) -> None:
    assert b"".join(transformed(copy, chunks)) == b"".join(chunks)
    assert_no_thread_is_left()


@given(CHUNKS)
def test_a_transform_can_read_all_at_once(chunks: list[bytes]) -> None:
    def reverse(source: BufferedIOBase, sink: BufferedIOBase) -> None:
        pieces = list(iter(source.read, b""))
        sink.write(b"".join(reversed(pieces)))

    wanted = b"".join(reversed([chunk for chunk in chunks if chunk]))
    assert b"".join(transformed(reverse, chunks)) == wanted


@pytest.mark.parametrize("error", [ValueError("broken"), Interruption(15), KeyboardInterrupt()])
def test_an_error_of_the_chunks_is_raised_and_ends_the_transform(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        list(transformed(copy, failing_after(5, error)))
    assert raised.value is error
    assert_no_thread_is_left()


@pytest.mark.parametrize("number", [0, 1, 2, 3, 1000])
def test_an_error_of_the_transform_is_raised(number: int) -> None:
    def fail(source: BufferedIOBase, _: BufferedIOBase) -> None:
        source.read(1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(transformed(fail, [b"chunk"] * number))
    assert_no_thread_is_left()


def test_a_transform_need_not_read_all_chunks() -> None:
    def first(source: BufferedIOBase, sink: BufferedIOBase) -> None:
        sink.write(source.read(5))

    assert list(transformed(first, [b"chunk"] * 1000)) == [b"chunk"]
    assert_no_thread_is_left()


def test_a_transform_ends_when_nobody_takes_its_output() -> None:
    stream = transformed(copy, [b"chunk"] * 1_000_000)
    assert next(stream) == b"chunk"
    stream.close()
    assert_no_thread_is_left()


def test_at_most_two_chunks_wait_for_the_transform() -> None:
    taken = read = 0
    most_ahead = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken, most_ahead
        for _ in range(500):
            taken += 1
            most_ahead = max(most_ahead, taken - read)
            yield b"chunk"

    def count(source: BufferedIOBase, _: BufferedIOBase) -> None:
        nonlocal read
        while source.read():
            read += 1

    assert list(transformed(count, chunks())) == []
    assert read == 500
    # the one being made, two that wait, and one that is taken but not yet counted
    assert most_ahead <= 4


ENDS_AMID = """
import sys
from itertools import repeat
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.core.threads import prefetch
from tests.keys import KeyPair
keys = Recipients([KeyPair.new().public])
"""
ENDINGS = {
    "idle": "stream = keys.encrypt(repeat(bytes(100_000))); next(stream)",
    "busy in a daemon": """
stream = prefetch((len(each) for each in keys.encrypt(repeat(bytes(100_000)))), 10**6)
for _ in range(2_000): next(stream)
""",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_program_can_exit_during_a_transform(name: str) -> None:
    kept = "sys.modules['kept'] = stream; sys.exit(143)"
    for _ in range(5):
        with start(f"{ENDS_AMID}\n{ENDINGS[name]}\n{kept}") as process:
            output, errors = process.communicate(timeout=WAIT_SECONDS)
        assert (process.returncode, output, errors) == (143, "", "")
