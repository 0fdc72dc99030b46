"""Blocks of text are packed as gzip members."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.archive.storage.pack import TextBlock, gzip_member, pack

TEXTS = st.lists(st.binary(max_size=2000), max_size=8)
LEVELS = st.none() | st.integers(1, 9)


def text_blocks(texts: list[bytes]) -> list[TextBlock]:
    return [TextBlock("nodes", i * 10, i * 10 + 9, i, text) for i, text in enumerate(texts)]


def unpacked(data: bytes, level: int | None) -> bytes:
    return data if level is None else gzip.decompress(data)


@given(TEXTS, LEVELS)
def test_the_archive_holds_the_texts_in_the_same_order(
    texts: list[bytes], level: int | None
) -> None:
    data = b"".join(block.data for block in pack(text_blocks(texts), level))
    assert unpacked(data, level) == b"".join(texts)


@given(TEXTS, LEVELS)
def test_offset_and_length_find_each_block_in_the_archive(
    texts: list[bytes], level: int | None
) -> None:
    blocks = list(pack(text_blocks(texts), level))
    archive = b"".join(block.data for block in blocks)
    for block, text in zip(blocks, texts, strict=True):
        entry = block.entry
        assert unpacked(archive[entry.offset : entry.end], level) == text
        assert entry.sha256 == hashlib.sha256(text).hexdigest()
        assert entry.text_length == len(text)


@given(TEXTS, LEVELS)
def test_an_entry_repeats_what_the_text_block_says(texts: list[bytes], level: int | None) -> None:
    given_blocks = text_blocks(texts)
    for packed, block in zip(pack(given_blocks, level), given_blocks, strict=True):
        entry = packed.entry
        said = (entry.kind, entry.first, entry.last, entry.entities)
        assert said == (block.kind, block.first, block.last, block.entities)


@pytest.mark.parametrize("level", range(1, 10))
def test_equal_texts_give_equal_bytes_at_any_place(level: int) -> None:
    same = b"CREATE " * 500
    _, one = pack(text_blocks([b"before", same]), level)
    other, _ = pack(text_blocks([same, b"after"]), level)
    assert one.data == other.data


@pytest.mark.parametrize("level", range(1, 10))
def test_a_gzip_member_is_complete_and_has_no_time_stamp(level: int) -> None:
    member = gzip_member(b"text" * 1000, level)
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    assert reader.decompress(member) == b"text" * 1000
    assert reader.eof
    assert reader.unused_data == b""
    assert member[4:8] == bytes(4)


def test_the_entry_describes_the_block() -> None:
    (block,) = pack([TextBlock("nodes", 0, 8191, 3, b"text")], None)
    assert block.entry == BlockEntry(
        kind="nodes",
        first=0,
        last=8191,
        entities=3,
        sha256=hashlib.sha256(b"text").hexdigest(),
        text_length=4,
        offset=0,
        length=4,
    )


def test_base64_is_packed_at_the_fastest_level() -> None:
    text = b"UEFTQ0FM" * 500
    [packed] = pack([TextBlock("nodes", 0, 0, 1, text, is_base64=True)], 3)
    assert packed.data == gzip_member(text, 1) != gzip_member(text, 3)
