"""Reads a whole archive back, and proves it without a database."""

from __future__ import annotations

from collections.abc import Callable

from neo4j_r2.archive.audit import check_stored
from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.items import Item
from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.source import Source, StoredSource


def verify(source: Source, on_item: Callable[[Item], None]) -> Contents:
    """Prove an archive as far as its format allows, and return its contents.

    :param on_item: is given each item after its check; it may raise `CorruptError` itself.
    :raises CorruptError: saying what is wrong with it, and where.
    :raises BucketError: if R2 fails.
    """
    contents = Contents()
    for item in source.items():
        try:
            contents.add(item)
            on_item(item)
        except CorruptError as error:
            raise CorruptError(f"{source.label}: {error}") from error
    if source.manifest is not None:
        try:
            contents.compare(source.manifest.export)
        except CorruptError as error:
            raise CorruptError(f"{source.label}: {error}") from error
    return contents


def verify_stored(stored: StoredSource, manifest: StoredManifest) -> None:
    """Prove that an encrypted archive is what was stored; that needs no private key.

    :raises CorruptError: if it is not.
    :raises BucketError: if R2 fails.
    """
    try:
        check_stored(stored.open(), manifest)
    except CorruptError as error:
        raise CorruptError(f"{stored.label}: {error}") from error
