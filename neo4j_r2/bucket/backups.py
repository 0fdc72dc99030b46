"""The stored backups: what the keys in the bucket add up to, before any manifest is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName, is_encrypted_key, parse_key
from neo4j_r2.core.figures import counted
from neo4j_r2.core.printable import printable


@dataclass(frozen=True)
class StoredBackup:
    """A backup, complete or not, as its keys and their sizes show it."""

    name: BackupName
    archives: tuple[tuple[str, int], ...]
    """The key and size of each archive of this name: mostly one, rarely none or several."""
    manifest_key: str | None
    acceptance_key: str | None = None
    proof_key: str | None = None
    archive_sizes: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """The size of each archive under the prefix, by its key: an incremental backup needs others."""

    @property
    def keys(self) -> list[str]:
        """The keys of all its objects, in the order in which a prune removes them.

        The manifest goes before the archives. So a prune that is cut short leaves no manifest
        without an archive. The proof is the youngest object, so a lock rule frees it last. It goes
        first: then the backup stays whole until all of it may go.
        """
        others = [key for key in (self.proof_key, self.manifest_key, self.acceptance_key) if key]
        return [*others, *(key for key, _ in self.archives)]

    @property
    def is_encrypted(self) -> bool:
        """Whether one of its archives is encrypted, as its key says."""
        return any(is_encrypted_key(key) for key, _ in self.archives)

    def is_completed_by(self, manifest: StoredManifest) -> bool:
        """Whether all archives that the manifest names are here, with their full size."""
        return not self.problem(manifest)

    def problem(self, manifest: StoredManifest) -> str:
        """Return what is wrong with the archives that the manifest names; empty if nothing."""
        if copied := self.copied(manifest):
            return copied
        own = (manifest.archive_key, manifest.archive_size)
        if own not in self.archives:
            return _not_there("its archive", *own, dict(self.archives))
        for need in manifest.needs:
            if self.archive_sizes.get(need.key) != need.size:
                return _not_there(
                    "the archive that it needs,", need.key, need.size, self.archive_sizes
                )
        return ""

    def copied(self, manifest: StoredManifest) -> str:
        """Return that somebody has copied the backup to here; empty if it was made here."""
        folder = manifest.archive_key.rpartition("/")[0]
        if folder == self.name.prefix:
            return ""
        return printable(f"it is a copy: its manifest names an archive under {folder}/")


def _not_there(what: str, key: str, right: int, sizes: Mapping[str, int]) -> str:
    size = sizes.get(key)
    found = "is not there" if size is None else f"has {counted(size, 'byte')}"
    return f"{what} {key} of {counted(right, 'byte')} {found}"


def backups_in(bucket: Bucket, prefix: str) -> list[StoredBackup]:
    """Return all backups under a prefix, oldest first.

    :raises BucketError: if the bucket cannot be read.
    """
    return backups_among(((each.key, each.size) for each in bucket.objects(f"{prefix}/")), prefix)


def backups_among(objects: Iterable[tuple[str, int]], prefix: str) -> list[StoredBackup]:
    """Group objects into backups, oldest first.

    Foreign keys are left out. So are acceptances and proofs whose backup somebody has removed.

    :param objects: the key and size of each object.
    """
    files: dict[BackupName, dict[str, tuple[str, int]]] = {}
    for key, size in objects:
        if (parsed := parse_key(key, prefix)) is not None:
            name, extension = parsed
            files.setdefault(name, {})[extension] = (key, size)
    archive_sizes: dict[str, int] = {}
    backups = []
    for name in sorted(files, key=lambda name: (name.taken, name.database)):
        manifest, _ = files[name].pop("manifest.json", (None, 0))
        acceptance, _ = files[name].pop("accepted.json", (None, 0))
        proof, _ = files[name].pop("proof.json", (None, 0))
        archives = tuple(files[name][extension] for extension in sorted(files[name]))
        archive_sizes.update(archives)
        if manifest or archives:
            backups.append(StoredBackup(name, archives, manifest, acceptance, proof, archive_sizes))
    return backups
