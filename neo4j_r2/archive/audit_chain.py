"""Reads a restore point of several archives, and checks it against its manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from neo4j_r2.archive.audit import Decryption, StoredBytes
from neo4j_r2.archive.chain import Chain
from neo4j_r2.archive.items import Item
from neo4j_r2.archive.manifest import FULL, Manifest, Need
from neo4j_r2.archive.naming import naming
from neo4j_r2.archive.row_hashes import HASHES_FORMAT, sums_of_rows
from neo4j_r2.archive.storage.unpack import unpack, whole_lines
from neo4j_r2.core.errors import CorruptError


@dataclass(frozen=True)
class NeededArchive:
    """An archive of a restore point: what its manifest says of it, and how to read it."""

    need: Need
    open: Callable[[], Iterable[bytes]]


class AuditedChain:
    """A restore point whose archives are checked while they are read."""

    def __init__(
        self, archives: Sequence[NeededArchive], manifest: Manifest, decrypt: Decryption
    ) -> None:
        """Begin to read all archives.

        :param archives: oldest first.
        :raises CorruptError: if one does not begin like an archive of this service.
        """
        self._manifest = manifest
        self._texts = [_Text(archive, decrypt) for archive in archives]
        self.chain = Chain([(text.label, text) for text in self._texts])

    def items(self) -> Iterator[Item]:
        """Yield what a restore needs, in order.

        :raises CorruptError: naming the archive that is wrong, or saying that they do not give
            together what was backed up.
        """
        yield from self.chain.items()
        self.finish()

    def finish(self) -> None:
        """Check, after all was read, that it is all that the manifest describes.

        :raises CorruptError: if it is not.
        """
        for text in self._texts:
            text.finish()
        said = self._manifest.row_sums
        if self._manifest.kind == FULL and not said:
            return  # its own SHA-256 proves that its archive is the one that was written
        if said.get("format") != str(HASHES_FORMAT):
            raise CorruptError("its rows were summed in a way that this version does not know")
        if said != sums_of_rows(self.chain.sums):
            raise CorruptError("its archives together are not what was backed up: the sums differ")


class _Text:
    """The text of one archive, in pieces of whole lines."""

    def __init__(self, archive: NeededArchive, decrypt: Decryption) -> None:
        self.label = archive.need.key
        self._need = archive.need
        self._stored = StoredBytes(archive.open())
        self._decrypt = decrypt

    def __iter__(self) -> Iterator[bytes]:
        return whole_lines(unpack(self._decrypt(self._stored)))

    def finish(self) -> None:
        with naming(self.label):
            self._stored.compare(self._need.size, self._need.sha256)
