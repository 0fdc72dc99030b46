"""Unlocks an archive: makes it readable, whether it is encrypted or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from neo4j_r2.archive.manifest import LockedManifest
from neo4j_r2.archive.storage.encryption import HEADER_BYTES, PrivateKeys, is_encrypted
from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.restore.source import Source, StoredSource


def unlock(stored: StoredSource, keys: PrivateKeys | None, named_by: str = "--identity") -> Source:
    """Return an archive that can be read; an encrypted one is decrypted while it is read.

    :param keys: None if no private key was given.
    :param named_by: what would have given one, for the message.
    :raises NoKeyError: if it is encrypted, and none of the keys opens it.
    :raises CorruptError: if the encrypted part of its manifest is damaged, or belongs to another
        manifest.
    """
    try:
        return _unlocked(stored, keys, named_by)
    except NoKeyError as error:
        raise NoKeyError(f"{stored.label} is encrypted: {error}") from error
    except CorruptError as error:
        raise CorruptError(f"{stored.label}: {error}") from error


def _unlocked(stored: StoredSource, keys: PrivateKeys | None, named_by: str) -> Source:
    manifest = stored.manifest
    if isinstance(manifest, LockedManifest):
        keys = _required(keys, named_by)
        whole = manifest.unlocked(keys.decrypt_text(manifest.encrypted))
        decrypt = partial(_decrypt_like_manifest, keys)
        return Source(stored.label, whole, stored.open, stored.needs, decrypt)
    if manifest is None and is_encrypted(_first_bytes(stored)):
        source = Source(stored.label, None, stored.open, decrypt=_required(keys, named_by).decrypt)
        next(source.decrypt(source.open()), b"")  # fails now, and not later, if no key opens it
        return source
    return Source(stored.label, manifest, stored.open, stored.needs)


def _required(keys: PrivateKeys | None, named_by: str) -> PrivateKeys:
    if keys is None:
        raise NoKeyError(f"a private key of it is needed ({named_by})")
    return keys


def _decrypt_like_manifest(keys: PrivateKeys, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decrypt an archive with the keys that have opened its manifest."""
    try:
        yield from keys.decrypt(chunks)
    except NoKeyError as error:
        raise CorruptError("its header is not of the manifest's keys, or damaged") from error


def _first_bytes(stored: StoredSource) -> bytes:
    start = b""
    for chunk in stored.open():
        start += chunk
        if len(start) >= HEADER_BYTES:
            break
    return start
