"""Turns the archive's bytes into its text again: the inverse of `pack`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final, cast

from isal import isal_zlib

from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import counted

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + 15
"""The window bits that select gzip, as zlib's manual defines them."""
LONGEST_PIECE: Final = 512 * 1024 * 1024
"""The most bytes of text that are held at once. A single entity can be one line of this size."""
_GzipError = cast(type[Exception], isal_zlib.error)
_OUTPUT_BYTES: Final = 1024 * 1024
"""The most text that one step yields. Text can be 1,000 times as long as its gzip member."""


def unpack(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text of an archive, gzipped or plain, in pieces of about 1 MiB at most.

    :raises CorruptError: if it is damaged, cut off or empty; the message names the byte.
    """
    source = _Compressed(iter(chunks))
    if not source.starts_with(_GZIP_MAGIC):
        if source.is_at_end():
            raise CorruptError("the archive is empty")
        yield from source.rest()
        return
    while not source.is_at_end():
        yield from _member(source)


def unpack_member(data: bytes, text_length: int) -> bytes:
    """Return the text of one gzip member.

    :param text_length: the bytes that the text must have.
    :raises CorruptError: if the member is damaged, or its text has another length.
    """
    decompressor = isal_zlib.decompressobj(wbits=_GZIP)
    try:
        text = decompressor.decompress(data, min(text_length + 1, sys.maxsize))
    except _GzipError as error:
        raise CorruptError(f"gzip: {_reason(error)}") from error
    if len(text) != text_length or not decompressor.eof or decompressor.unused_data:
        raise CorruptError(f"gzip: not one member of {counted(text_length, 'byte')}")
    return text


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text in pieces of whole lines. The last line may lack its line feed.

    :raises CorruptError: if a line is longer than `LONGEST_PIECE`.
    """
    rest: list[bytes] = []
    size = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, chunk[:end]])
            rest, size = [], 0
        rest.append(chunk[end:])
        size += len(chunk) - end
        if size > LONGEST_PIECE:
            raise CorruptError(f"a line is longer than {LONGEST_PIECE:,} bytes")
    if last := b"".join(rest):
        yield last


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a text in UTF-8, without their line feeds.

    :raises CorruptError: if it is not UTF-8.
    """
    for piece in whole_lines(chunks):
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorruptError("it is no text in UTF-8") from error
        yield from text.removesuffix("\n").split("\n")


def _member(source: _Compressed) -> Iterator[bytes]:
    """Yield the text of the next gzip member. Afterwards the source is at the member's end."""
    decompressor = isal_zlib.decompressobj(wbits=_GZIP)
    while not decompressor.eof:
        offset = source.offset
        data = decompressor.unconsumed_tail or source.take()
        if not data:
            raise CorruptError(f"gzip: cut off at byte {offset}")
        try:
            text = decompressor.decompress(data, _OUTPUT_BYTES)
        except _GzipError as error:
            raise CorruptError(f"gzip: {_reason(error)} near byte {offset}") from error
        if text:
            yield text
    source.give_back(decompressor.unused_data)


def _reason(error: Exception) -> str:
    """Return ISA-L's message without the "Error -6" that it begins with."""
    return re.sub(r"^Error -?\d+ ", "", str(error)).lower()


class _Compressed:
    """A stream of chunks. Bytes can be given back, and the ones that are taken are counted."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._returned = b""
        self.offset = 0

    def take(self) -> bytes:
        """Return the next chunk; empty at the end."""
        data, self._returned = self._returned, b""
        while not data and (chunk := next(self._chunks, None)) is not None:
            data = chunk
        self.offset += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        """Give back `data`, the end of what was taken last. It becomes the next chunk."""
        self._returned = data + self._returned
        self.offset -= len(data)

    def starts_with(self, magic: bytes) -> bool:
        """Whether the next bytes are these; nothing is taken."""
        data = self.take()
        while len(data) < len(magic) and (more := self.take()):
            data += more
        self.give_back(data)
        return data.startswith(magic)

    def is_at_end(self) -> bool:
        """Whether no bytes are left; nothing is taken."""
        data = self.take()
        self.give_back(data)
        return not data

    def rest(self) -> Iterator[bytes]:
        """Yield all chunks that are left."""
        while data := self.take():
            yield data
