"""The archive's bytes become its text again."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.storage.pack import gzip_member
from neo4j_r2.archive.storage.unpack import LONGEST_PIECE, lines, unpack, unpack_member, whole_lines
from neo4j_r2.core.errors import CorruptError

MIB = 1024 * 1024
FIRST = b"CREATE (n);\n" * 20 + bytes(range(256))
SECOND = b"the second member\n"
MEMBER = gzip_member(FIRST, 1)
ARCHIVE = MEMBER + gzip_member(SECOND, 6)
LEVELS = st.integers(1, 9)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def flipped(data: bytes, place: int, bit: int) -> bytes:
    altered = bytearray(data)
    altered[place] ^= 1 << bit
    return bytes(altered)


@given(st.lists(st.tuples(st.binary(max_size=2000), LEVELS), min_size=1), st.integers(1, 3000))
@example([(FIRST, 1), (b"", 2), (SECOND, 6)], 1)
@example([(b"", 1)], 1)
def test_the_texts_of_all_members_are_joined(members: list[tuple[bytes, int]], size: int) -> None:
    archive = b"".join(gzip_member(text, level) for text, level in members)
    assert b"".join(unpack(cut(archive, size))) == b"".join(text for text, _ in members)


@given(st.lists(st.integers(0, len(ARCHIVE))))
def test_the_sizes_of_the_chunks_do_not_matter(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(ARCHIVE)]  # equal places make an empty chunk
    chunks = (ARCHIVE[start:end] for start, end in pairwise(bounds))
    assert b"".join(unpack(chunks)) == FIRST + SECOND


@pytest.mark.parametrize("level", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("length", [MIB - 1, MIB, MIB + 1, MIB + 258, 2 * MIB, 3 * MIB + 7])
@pytest.mark.parametrize("size", [1, 1000, MIB])
def test_a_text_about_as_long_as_a_piece_is_complete(level: int, length: int, size: int) -> None:
    text = (b"abcdefgh" * 8 + b"\n") * (length // 65) + bytes(length % 65)
    pieces = list(unpack(cut(gzip_member(text, level), size)))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= MIB


@given(st.binary(min_size=1), st.integers(1, 9))
@example(b"\x1f", 1)
@example(b"\x1f\x1f\x8b", 1)
def test_plain_text_is_unchanged(text: bytes, size: int) -> None:
    plain = text if text[:2] != b"\x1f\x8b" else b"\n" + text
    assert b"".join(unpack(cut(plain, size))) == plain


@pytest.mark.parametrize("chunks", [[], [b""], [b"", b""]])
def test_an_empty_file_is_refused(chunks: list[bytes]) -> None:
    with pytest.raises(CorruptError, match="the archive is empty"):
        list(unpack(chunks))


@pytest.mark.parametrize("size", [1, 7, len(ARCHIVE)])
def test_the_error_says_where_an_archive_was_cut_off(size: int) -> None:
    # A single first byte is plain text, and a complete first member is an archive. Whoever reads
    # the text finds out that something is missing.
    for end in {*range(2, len(ARCHIVE))} - {len(MEMBER)}:
        with pytest.raises(CorruptError, match=f"^gzip: cut off at byte {end}$"):
            list(unpack(cut(ARCHIVE[:end], size)))
    assert b"".join(unpack(cut(MEMBER, size))) == FIRST


@pytest.mark.parametrize("size", [1, len(ARCHIVE)])
def test_a_flipped_bit_is_found_or_changes_nothing(size: int) -> None:
    for place in range(2, len(ARCHIVE)):  # other first two bytes would make it plain text
        for bit in range(8):
            with suppress(CorruptError):
                text = b"".join(unpack(cut(flipped(ARCHIVE, place, bit), size)))
                assert text == FIRST + SECOND


@given(st.binary())
def test_data_that_only_begins_like_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptError, match=r"^gzip: [a-z/ ]+(near|at) byte \d+$"):
        list(unpack([b"\x1f\x8b\x08", data]))


@pytest.mark.parametrize("trailer", [b"\x00", b"garbage", b"\x1f\x8b", MEMBER[:-1], b"\n"])
@pytest.mark.parametrize("size", [1, MIB])
def test_data_after_the_last_member_is_refused(trailer: bytes, size: int) -> None:
    pieces: list[bytes] = []
    with pytest.raises(CorruptError, match="gzip: "):
        pieces.extend(unpack(cut(ARCHIVE + trailer, size)))
    assert b"".join(pieces).startswith(FIRST + SECOND)


def test_a_gzip_bomb_does_not_fill_the_memory() -> None:
    bomb = gzip.compress(bytes(64 * MIB))
    tracemalloc.start()
    total = 0
    for piece in unpack([bomb]):
        assert len(piece) <= MIB
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 64 * MIB
    assert peak < 8 * MIB


@given(st.binary(max_size=2000), LEVELS)
def test_a_member_of_the_expected_length_is_unpacked(text: bytes, level: int) -> None:
    assert unpack_member(gzip_member(text, level), len(text)) == text


@pytest.mark.parametrize("length", [0, len(FIRST) - 1, len(FIRST) + 1, 2**40, sys.maxsize, 2**64])
def test_a_member_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(CorruptError, match=f"not one member of {length:,} bytes"):
        unpack_member(MEMBER, length)


@pytest.mark.parametrize("data", [b"", MEMBER[:1], MEMBER[:-1], MEMBER + b"\n", MEMBER * 2, FIRST])
def test_anything_but_exactly_one_member_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptError, match=r"^gzip: "):
        unpack_member(data, len(FIRST))


def test_a_flipped_bit_in_a_member_is_found_or_changes_nothing() -> None:
    for place in range(len(MEMBER)):
        for bit in range(8):
            with suppress(CorruptError):
                assert unpack_member(flipped(MEMBER, place, bit), len(FIRST)) == FIRST


TEXTS = st.text(st.sampled_from("a\né😀\r\u2028\x85\x0b"), max_size=30)


@given(TEXTS, st.integers(1, 9))
@example("é" * 9, 1)
@example("\n\n", 1)
def test_only_line_feeds_end_a_line(text: str, size: int) -> None:
    data = text.encode()
    pieces = list(whole_lines(cut(data, size)))
    assert b"".join(pieces) == data
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
    expected = text.removesuffix("\n").split("\n") if text else []
    assert list(lines(cut(data, size))) == expected


@pytest.mark.parametrize("data", [b"\xff", b"a\n\xc3", b"\xc3\na", b"\xed\xa0\x80", ARCHIVE])
def test_a_text_that_is_not_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptError, match="no text in UTF-8"):
        list(lines([data]))


def test_an_endless_line_is_refused() -> None:
    chunk = bytes(LONGEST_PIECE // 8)
    with pytest.raises(CorruptError, match="a line is longer than"):
        list(whole_lines([chunk] * 9))
