"""Reads a whole archive back, and proves it without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from neo4j_r2.archive.audit import check_stored
from neo4j_r2.archive.audit_chain import NeededArchive
from neo4j_r2.archive.contents import Contents, rows_in
from neo4j_r2.archive.items import Item
from neo4j_r2.archive.manifest import StoredManifest, own_need
from neo4j_r2.archive.naming import naming
from neo4j_r2.restore.source import Source, StoredSource
from neo4j_r2.run.progress import ByteCountdown, Countdown
from neo4j_r2.run.stall_watch import Watch


def verify(
    source: Source, watch: Watch, on_item: Callable[[Item], None] = lambda _: None
) -> Contents:
    """Prove an archive as far as its format allows, and return its contents.

    A bar, or a line in the log now and then, tells how much is left.

    :param on_item: is given each item after its check; it may raise `CorruptError` itself.
    :raises CorruptError: saying what is wrong with it, and where.
    :raises BucketError: if R2 fails.
    """
    contents = Contents()
    expected = source.manifest.export.entities if source.manifest else 0
    with Countdown("Checked", expected, watch.progress) as countdown:
        for item in source.items():
            countdown.add(rows_in(item))
            with naming(source.label):
                contents.add(item)
                on_item(item)
    if source.manifest is not None:
        with naming(source.label):
            contents.compare(source.manifest.export)
    return contents


def verify_stored(stored: StoredSource, manifest: StoredManifest, watch: Watch) -> None:
    """Prove that encrypted archives are what was stored; that needs no private key.

    :raises CorruptError: if it is not.
    :raises BucketError: if R2 fails.
    """
    own = NeededArchive(own_need(manifest), stored.open)
    archives = [*stored.needs, own]
    size = sum(archive.need.size for archive in archives)
    with ByteCountdown("Checked", size, watch.progress) as countdown:
        for archive in archives:
            need = archive.need
            with naming(need.key):
                check_stored(_counted(archive.open(), countdown), need.size, need.sha256)


def _counted(chunks: Iterable[bytes], countdown: ByteCountdown) -> Iterator[bytes]:
    for chunk in chunks:
        countdown.add(len(chunk))
        yield chunk
