"""Reads a whole archive back and proves it, without a database."""

from __future__ import annotations

from collections.abc import Callable

from neo4j_r2.contents import Contents
from neo4j_r2.errors import CorruptError
from neo4j_r2.foreign import Item
from neo4j_r2.source import Source


def verify(source: Source, on_item: Callable[[Item], None]) -> Contents:
    """Prove an archive as far as its format allows, and return what it holds.

    :param on_item: is given each item that was found good; may raise `CorruptError` itself.
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
