"""Makes an archive readable that may be encrypted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from neo4j_r2.archive.manifest import LockedManifest
from neo4j_r2.archive.storage.encryption import HEADER_BYTES, PrivateKeys, is_encrypted
from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.restore.source import Source, StoredSource


def unlock(stored: StoredSource, keys: PrivateKeys | None) -> Source:
    """Return an archive as one that can be read, decrypted on the way if it is encrypted.

    :param keys: None if no private key was given.
    :raises NoKeyError: if it is encrypted and none of the keys opens it.
    :raises CorruptError: if the encrypted part of its manifest is damaged, or of another manifest.
    """
    try:
        return _unlocked(stored, keys)
    except NoKeyError as error:
        raise NoKeyError(f"{stored.label} is encrypted: {error}") from error
    except CorruptError as error:
        raise CorruptError(f"{stored.label}: {error}") from error


def _unlocked(stored: StoredSource, keys: PrivateKeys | None) -> Source:
    manifest = stored.manifest
    if isinstance(manifest, LockedManifest):
        keys = _given(keys)
        whole = manifest.unlocked(keys.decrypt_text(manifest.encrypted))
        return Source(stored.label, whole, stored.open, partial(_decrypt_like_manifest, keys))
    if manifest is None and is_encrypted(_start(stored)):
        return _tried(Source(stored.label, None, stored.open, _given(keys).decrypt))
    return Source(stored.label, manifest, stored.open)


def _given(keys: PrivateKeys | None) -> PrivateKeys:
    if keys is None:
        raise NoKeyError("a private key of it is needed (--identity)")
    return keys


def _decrypt_like_manifest(keys: PrivateKeys, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decrypt an archive that has the keys of its manifest, which is decrypted already."""
    try:
        yield from keys.decrypt(chunks)
    except NoKeyError as error:
        raise CorruptError("its header is not of the manifest's keys, or damaged") from error


def _start(stored: StoredSource) -> bytes:
    start = b""
    for chunk in stored.open():
        start += chunk
        if len(start) >= HEADER_BYTES:
            break
    return start


def _tried(source: Source) -> Source:
    """Return a source of which the first bytes could be decrypted."""
    next(source.decrypt(source.open()), b"")
    return source
