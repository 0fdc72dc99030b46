"""Turns a backup into one archive that restores it by itself, and checks it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from neo4j_r2.archive.manifest import INCREMENTAL
from neo4j_r2.archive.naming import naming
from neo4j_r2.archive.storage.pack import TextBlock, pack
from neo4j_r2.archive.whole_text import merged_text, own_text
from neo4j_r2.restore.source import Source, manifest_of


def whole_archive(
    source: Source, compression_level: int, on_entities: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the bytes of one archive in gzip that restores a backup by itself.

    They end without an error only if they are all of it. With an error, they lack their end.

    :param on_entities: is given the number of entities of each block.
    :raises ConfigurationError: if it is no backup.
    :raises CorruptError: if it is not what its manifest describes.
    """
    with naming(source.label):
        for block in pack(_text(source), compression_level):
            yield block.data
            on_entities(block.entry.entities)


def _text(source: Source) -> Iterator[TextBlock]:
    manifest = manifest_of(source)
    if manifest.kind == INCREMENTAL:
        return merged_text(source.chain(), manifest)
    return own_text(source.open(), manifest, source.decrypt)
