"""Turns blocks of text into the archive's bytes: each block is a gzip member with its own hash."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from isal import igzip

from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.core.threads import ordered_map

_AT_ONCE: Final = 3
_FASTEST_LEVEL: Final = 1
_HIGHEST_ISAL_LEVEL: Final = 3


@dataclass(frozen=True)
class TextBlock:
    """A piece of the archive's text that does not depend on the others.

    Its bytes depend only on its entities and on the names of the `RestoreKey`.
    """

    kind: str
    """prologue, nodes, late nodes, relationships, statements, clearing or epilogue."""
    first: int
    last: int
    """The range of internal ids that it covers; both -1 if it covers none."""
    entities: int
    text: bytes
    is_base64: bool = False
    """Whether most of the text is base64, which all levels of compression make equally small."""


@dataclass(frozen=True)
class PackedBlock:
    """A block as it lies in the archive, and its entry for the manifest."""

    entry: BlockEntry
    data: bytes


@dataclass(frozen=True)
class _Packed:
    block: TextBlock
    sha256: str
    data: bytes


def pack(blocks: Iterable[TextBlock], compression_level: int | None) -> Iterator[PackedBlock]:
    """Yield the blocks as the archive's bytes, in the same order.

    :param compression_level: 1 to 9; None stores the plain text.
    """
    offset = 0
    for packed in ordered_map(partial(_pack, level=compression_level), blocks, _AT_ONCE):
        block = packed.block
        entry = BlockEntry(
            kind=block.kind,
            first=block.first,
            last=block.last,
            entities=block.entities,
            sha256=packed.sha256,
            text_length=len(block.text),
            offset=offset,
            length=len(packed.data),
        )
        yield PackedBlock(entry, packed.data)
        offset += len(packed.data)


def _pack(block: TextBlock, level: int | None) -> _Packed:
    sha256 = hashlib.sha256(block.text).hexdigest()
    if level is None:
        return _Packed(block, sha256, block.text)
    return _Packed(
        block, sha256, gzip_member(block.text, _FASTEST_LEVEL if block.is_base64 else level)
    )


def gzip_member(text: bytes, level: int) -> bytes:
    """Compress a text to one gzip member. It has no time stamp: equal texts give equal bytes.

    ISA-L does levels 1 to 3. It is 15 times as fast as zlib at level 6, for 3 to 7 % more bytes.
    zlib does the other levels.
    """
    if level <= _HIGHEST_ISAL_LEVEL:
        return bytes(igzip.compress(text, level, mtime=0))
    compressor = zlib.compressobj(level, wbits=16 + zlib.MAX_WBITS)
    return compressor.compress(text) + compressor.flush()
