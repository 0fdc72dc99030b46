"""Reads an archive back and checks its bytes against its manifest, without a database.

A restore replays exactly the statements that were checked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import Item
from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.archive.recognise import Recogniser, recognise_apoc
from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.archive.storage.encryption import HEADER_BYTES, has_header
from neo4j_r2.archive.storage.unpack import LONGEST_PIECE, unpack_member
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import counted, entity_count

_METHODS: Final = ("manual", "apoc")
Decryption = Callable[[Iterable[bytes]], Iterator[bytes]]
"""Turns the stored bytes into the archive's bytes."""


def audited_items(
    chunks: Iterable[bytes],
    manifest: Manifest,
    decrypt: Decryption = iter,
    on_text: Callable[[bytes], None] = lambda _: None,
) -> Iterator[Item]:
    """Yield what an archive holds, block by block. Each block is checked before its items.

    :param on_text: is given the text of each block before its items.
    :raises CorruptError: naming the block that is wrong, and what is wrong with it.
    """
    method, blocks = manifest.export.method, _blocks(chunks, manifest, decrypt)
    blocks = _told(blocks, on_text)
    if method not in _METHODS:
        raise CorruptError(f"the manifest has the unknown export method {method!r}")
    if method == "apoc":
        # A statement of APOC's can be spread over several blocks.
        return recognise_apoc(text for _, text in blocks)
    return _manual_items(blocks)


def _told(
    blocks: Iterable[tuple[BlockEntry, bytes]], on_text: Callable[[bytes], None]
) -> Iterator[tuple[BlockEntry, bytes]]:
    for block, text in blocks:
        on_text(text)
        yield block, text


def _manual_items(blocks: Iterable[tuple[BlockEntry, bytes]]) -> Iterator[Item]:
    recogniser = Recogniser()
    for block, text in blocks:
        entities = 0
        try:
            for item in recogniser.read(text):
                entities += rows_in(item)
                yield item
        except CorruptError as error:
            raise CorruptError(f"{_where(block)}: {error}") from error
        if entities != block.entities:
            raise CorruptError(
                f"{_where(block)} has {entity_count(entities)}, not {block.entities:,}"
            )
    recogniser.finish()


def check_stored(chunks: Iterable[bytes], size: int, sha256: str) -> None:
    """Check an encrypted archive as far as that is possible without a private key.

    :raises CorruptError: if it is not the object that was stored, or is no age file.
    """
    stored, start = StoredBytes(chunks), bytearray()
    for chunk in stored:
        start += chunk[: max(0, HEADER_BYTES - len(start))]
    stored.compare(size, sha256)
    if not has_header(bytes(start)):
        raise CorruptError("the archive does not begin like an age file")


def _blocks(
    chunks: Iterable[bytes], manifest: Manifest, decrypt: Decryption
) -> Iterator[tuple[BlockEntry, bytes]]:
    """Yield the manifest's blocks with their texts. Check the whole object at the end."""
    stored = StoredBytes(chunks)
    source = _ByteReader(decrypt(stored))
    for block in manifest.blocks:
        _check_place(block, source.offset, manifest.archive_size)
        data = source.take(block.length)
        try:
            text = unpack_member(data, block.text_length) if manifest.is_compressed else data
        except CorruptError as error:
            raise CorruptError(f"{_where(block)}: {error}") from error
        if len(text) != block.text_length or hashlib.sha256(text).hexdigest() != block.sha256:
            raise CorruptError(f"{_where(block)} is not the one that was written: SHA-256 differs")
        yield block, text
    if source.has_more():
        raise CorruptError("there is more in the archive than its blocks")
    stored.compare(manifest.archive_size, manifest.archive_sha256)
    if sum(block.text_length for block in manifest.blocks) != manifest.text_size:
        raise CorruptError(
            f"the archive's text does not have {counted(manifest.text_size, 'byte')}"
        )


def _check_place(block: BlockEntry, offset: int, archive_size: int) -> None:
    if block.offset != offset:
        raise CorruptError(f"{_where(block)} does not begin where the one before it ends")
    if block.end > archive_size:
        raise CorruptError(f"{_where(block)} is not within {counted(archive_size, 'byte')}")
    if max(block.length, block.text_length) > LONGEST_PIECE:
        raise CorruptError(f"{_where(block)} is longer than {LONGEST_PIECE:,} bytes")


def _where(block: BlockEntry) -> str:
    return f"the block of bytes {block.offset} to {block.end}"


class StoredBytes:
    """Passes on an object's bytes; counts them and hashes them meanwhile."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._size = 0
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            self._hash.update(chunk)
            yield chunk

    def compare(self, size: int, sha256: str) -> None:
        """Compare the bytes that have passed with what a manifest says of them.

        :raises CorruptError: if they are not the bytes that it describes.
        """
        if self._size != size:
            raise CorruptError(f"the archive does not have {counted(size, 'byte')}")
        if self._hash.hexdigest() != sha256:
            raise CorruptError("the archive's SHA-256 is not the manifest's")


class _ByteReader:
    """Returns as many bytes as are asked for, from chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._ready = bytearray()
        self.offset = 0

    def take(self, length: int) -> bytes:
        """Return exactly `length` bytes.

        :raises CorruptError: if there are fewer.
        """
        while len(self._ready) < length:
            chunk = next(self._chunks, None)
            if chunk is None:
                end = self.offset + len(self._ready)
                raise CorruptError(f"the archive was cut off at byte {end}")
            self._ready += chunk
        data = bytes(self._ready[:length])
        del self._ready[:length]
        self.offset += length
        return data

    def has_more(self) -> bool:
        """Whether any bytes are left."""
        return bool(self._ready) or any(self._chunks)
