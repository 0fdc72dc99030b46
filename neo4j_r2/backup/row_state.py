"""The row state: a file with a digest of each row of a backup, so that the next one knows changes.

It lies in the state directory and never leaves the host. A digest is BLAKE2b of the row's hash,
keyed with a key that is only in this file. The file is, in this order:

- `_MAGIC`;
- batches: the kind of entity (`n`, `r`), the number of rows, the bytes of their ids, the ids and
  the digests. The ids are 64-bit numbers, compressed; or only the first one if they have no gap;
- JSON of what the rows are of, its length, and BLAKE2b of everything before.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final

from neo4j_r2.archive.text.rows import EntityKind

DIGEST_BYTES: Final = 16
_MAGIC: Final = b"neo4j-r2 rows 1\n"
_KEY_BYTES: Final = 32
_HEAD: Final = struct.Struct("<cII")
_LENGTH: Final = struct.Struct("<I")
_FIRST: Final = struct.Struct("<Q")
_PROOF_BYTES: Final = 32
_ROWS: Final = 4096
"""Rows of a batch, about."""
_LETTERS: Final[dict[EntityKind, bytes]] = {"node": b"n", "relationship": b"r"}
_LONGEST: Final = 64 * 1024 * 1024
"""No part of a batch is longer."""


class RowStateError(Exception):
    """The file is not there or cannot be used; the message says why."""


def row_state_path(directory: Path, database: str) -> Path:
    """Return where the row state of a database is."""
    return directory / f"{database}.rows"


def forget_rows(directory: Path, database: str) -> bool:
    """Remove the row state of a database, so that its next backup is a full one.

    :returns: whether there is none any more.
    """
    try:
        row_state_path(directory, database).unlink(missing_ok=True)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Digests:
    """The ids of some rows, in ascending order, and the digest of each."""

    ids: Sequence[int]
    digests: Sequence[bytes]


class Digester:
    """Makes digests of hashes; only those of one key can be compared."""

    def __init__(self, key: bytes | None = None) -> None:
        """Take a key, or make one."""
        self.key = key or secrets.token_bytes(_KEY_BYTES)
        self._start = blake2b(digest_size=DIGEST_BYTES, key=self.key)

    def digests(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Return the digest of each hash."""
        digests = []
        for each in hashes:
            state = self._start.copy()  # takes the key in once
            state.update(each)
            digests.append(state.digest())
        return digests


class RowStateWriter:
    """Writes a new file beside the old one. It takes its place when it is kept, else it goes."""

    def __init__(self, path: Path) -> None:
        """Begin a file, in the place of one that a killed run may have left.

        :raises OSError: if that fails.
        """
        self._path = path
        self._temporary = path.with_name(f"{path.name}.tmp")
        descriptor = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._proof = blake2b(digest_size=_PROOF_BYTES)
        self._entity: EntityKind = "node"
        self._ids: list[int] = []
        self._digests: list[bytes] = []
        self._write(_MAGIC)

    def add(self, entity: EntityKind, ids: Sequence[int], digests: Sequence[bytes]) -> None:
        """Add rows; their ids are above all before of the same kind of entity.

        :raises OSError: if they cannot be written.
        """
        if entity != self._entity or len(self._ids) >= _ROWS:
            self._flush()
        self._entity = entity
        self._ids += ids
        self._digests += digests

    def keep(self, description: dict[str, Any], *, replaces: bool) -> None:
        """End the file and put it in the place of the old one: after a crash it is either of them.

        :param description: what the rows are of, as JSON.
        :param replaces: whether the rows were compared with the old file. If that is no longer
            there, they are not kept: whoever found a needed archive damaged has removed it, so that
            the next backup is a full one.
        :raises OSError: if that fails. The old file is then still there.
        """
        self._flush()
        content = json.dumps(description).encode("ascii")
        self._write(content + _LENGTH.pack(len(content)))
        self._file.write(self._proof.digest())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not replaces or self._path.exists():
            self._temporary.replace(self._path)

    def drop(self) -> None:
        """Remove the file, unless it was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._ids:
            return
        first, number = self._ids[0], len(self._ids)
        if self._ids[-1] - first + 1 == number:
            ids = _FIRST.pack(first)
        else:
            ids = zlib.compress(array("Q", self._ids).tobytes(), 1)
        self._write(_HEAD.pack(_LETTERS[self._entity], number, len(ids)) + ids)
        self._write(b"".join(self._digests))
        self._ids, self._digests = [], []

    def _write(self, data: bytes) -> None:
        self._proof.update(data)
        self._file.write(data)


class RowState:
    """A file that is whole: what its rows are of, and the rows as streams."""

    def __init__(self, path: Path) -> None:
        """Read the file once, and check it.

        :raises RowStateError: if it is not there, or not as it was written.
        """
        self._path = path
        try:
            with path.open("rb") as file:
                self._end, self.description = _checked(file)
        except FileNotFoundError as error:
            raise RowStateError(
                "this host has no record of the last backup's rows "
                "(yet, or since a restore or damage)"
            ) from error
        except OSError as error:
            reason = error.strerror
            raise RowStateError(
                f"the record of the last backup's rows cannot be read ({reason})"
            ) from error
        except (ValueError, TypeError, RecursionError, struct.error) as error:
            raise RowStateError("the record of the last backup's rows is damaged") from error

    def rows(self, entity: EntityKind) -> Iterator[Digests]:
        """Yield the rows of a kind of entity in ascending order of their ids.

        :raises RowStateError: if the file cannot be read any more.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(len(_MAGIC))
                while file.tell() < self._end:
                    letter, number, length = _HEAD.unpack(_exactly(file, _HEAD.size))
                    if letter == _LETTERS[entity]:
                        yield _digests(file, number, length)
                    else:
                        file.seek(length + number * DIGEST_BYTES, os.SEEK_CUR)
        except (OSError, ValueError, struct.error, zlib.error) as error:
            raise RowStateError("the record of the last backup's rows cannot be read") from error


def _checked(file: BinaryIO) -> tuple[int, dict[str, Any]]:
    """Return where the batches end, and the description.

    :raises ValueError: if the file is damaged.
    """
    size = os.fstat(file.fileno()).st_size - _PROOF_BYTES
    proof = blake2b(digest_size=_PROOF_BYTES)
    for place in range(0, max(size, 0), 1024 * 1024):
        proof.update(_exactly(file, min(1024 * 1024, size - place)))
    if size < len(_MAGIC) + _LENGTH.size or _exactly(file, _PROOF_BYTES) != proof.digest():
        raise ValueError("damaged")
    file.seek(size - _LENGTH.size)
    [length] = _LENGTH.unpack(_exactly(file, _LENGTH.size))
    end = size - _LENGTH.size - length
    file.seek(0)
    if end < len(_MAGIC) or file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("another format")
    file.seek(end)
    return end, dict(json.loads(_exactly(file, length)))


def _digests(file: BinaryIO, number: int, length: int) -> Digests:
    if number * DIGEST_BYTES > _LONGEST or length > _LONGEST:
        raise ValueError("a batch is too long")
    packed = _exactly(file, length)
    data = _exactly(file, number * DIGEST_BYTES)
    ids: Sequence[int]
    if length == _FIRST.size:
        [first] = _FIRST.unpack(packed)
        ids = range(first, first + number)
    else:
        ids = array("Q", zlib.decompress(packed))
    if len(ids) != number:
        raise ValueError("ids are missing")
    places = range(0, len(data), DIGEST_BYTES)
    return Digests(ids, [data[place : place + DIGEST_BYTES] for place in places])


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise ValueError("cut off")
    return data
