"""Where a restore reads an archive: in the bucket, or in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from neo4j_r2.archive.audit import Decryption, audited_items
from neo4j_r2.archive.audit_chain import AuditedChain, NeededArchive
from neo4j_r2.archive.foreign.recognise_foreign import recognise_foreign
from neo4j_r2.archive.items import Item
from neo4j_r2.archive.manifest import (
    INCREMENTAL,
    Manifest,
    StoredManifest,
    own_need,
    read_manifest,
)
from neo4j_r2.archive.naming import naming
from neo4j_r2.archive.recognise import Recogniser, own_method, recognise_apoc
from neo4j_r2.archive.storage.unpack import lines, unpack, whole_lines
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import (
    choose,
    no_such_backup,
    oldest_is_younger,
    plain_key,
    taken_up_to,
)
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import PROOF_SUFFIX
from neo4j_r2.bucket.newest_backup import Newest, find_newest, warn_of_passed_over
from neo4j_r2.bucket.whereabouts import elsewhere_too, no_backup, whereabouts
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.core.errors import ConfigurationError, CorruptError, NewerFormatError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.threads import one_ahead

_CHUNK_BYTES: Final = 1024 * 1024
_MANIFEST_SUFFIX: Final = ".manifest.json"


@dataclass(frozen=True)
class StoredSource:
    """An archive as it is stored. If it is encrypted, it must be unlocked before it can be read."""

    label: str
    """Its key, or the path of its file."""
    manifest: StoredManifest | None
    open: Callable[[], Iterator[bytes]]
    needs: Sequence[NeededArchive] = ()
    """The archives of earlier backups that it needs, oldest first."""
    newest: Newest | None = None
    """What was found and passed over, if it was chosen as the latest one."""


@dataclass(frozen=True)
class Source:
    """An archive that can be read as often as needed."""

    label: str
    """Its key, or the path of its file."""
    manifest: Manifest | None
    open: Callable[[], Iterator[bytes]]
    """Returns the bytes that are stored."""
    needs: Sequence[NeededArchive] = ()
    """The archives of earlier backups that it needs, oldest first."""
    decrypt: Decryption = iter
    allows_any_statement: bool = False
    """Whether a statement that no grammar here knows is passed on to the server."""

    @property
    def is_encrypted(self) -> bool:
        """Whether only a private key opens what is stored."""
        return self.decrypt is not iter

    def chain(self) -> AuditedChain:
        """Begin to read a backup by the rows of all archives that it needs.

        :raises CorruptError: if it has no manifest, or an archive does not begin as it should.
        """
        if self.manifest is None:
            raise CorruptError("it has no manifest, which names what it needs")
        own = NeededArchive(own_need(self.manifest), self.open)
        return AuditedChain([*self.needs, own], self.manifest, self.decrypt)

    def items(self) -> Iterator[Item]:
        """Yield what the archive holds, checked as far as its format allows.

        :raises CorruptError: saying what is wrong with it, and where.
        """
        with naming(self.label):
            yield from self._items()

    def _items(self) -> Iterator[Item]:
        if self.manifest is not None:
            if self.manifest.kind == INCREMENTAL:
                return self.chain().items()
            return audited_items(self.open(), self.manifest, self.decrypt)
        texts = unpack(self.decrypt(self.open()))
        first = next(texts, b"")
        texts = chain([first], texts)
        method = own_method(first)
        if method == "manual":
            return _recognised_items(texts)
        if method == "apoc":
            return recognise_apoc(texts)
        return _foreign_items(texts, allow_any_statement=self.allows_any_statement)


def manifest_of(source: Source) -> Manifest:
    """Return the manifest of a backup.

    :raises ConfigurationError: if it has none: an archive alone, or a file of another program.
    """
    if source.manifest is None:
        raise ConfigurationError(
            f"{source.label} has no manifest, so it is no complete backup; `list` shows those"
        )
    return source.manifest


def _recognised_items(texts: Iterator[bytes]) -> Iterator[Item]:
    recogniser = Recogniser()
    for piece in whole_lines(texts):
        yield from recogniser.read(piece)
    recogniser.finish()


def _foreign_items(texts: Iterator[bytes], *, allow_any_statement: bool) -> Iterator[Item]:
    is_empty = True
    for _, item in recognise_foreign(lines(texts), allow_any_statement=allow_any_statement):
        is_empty = False
        yield item
    if is_empty:
        raise CorruptError("there is nothing in it that could be restored")


def is_ordinary(manifest: StoredManifest) -> bool:
    """Whether a run made a backup, and not a restore, which backs up what it replaces."""
    return not manifest.before_restore


def has_nodes(manifest: StoredManifest) -> bool:
    """Whether a backup is ordinary, and its graph was not empty."""
    return is_ordinary(manifest) and manifest.export.nodes > 0


@dataclass(frozen=True)
class Wish:
    """Which backup a command asks for."""

    database: str
    key: str
    """An archive's key, or `LATEST` for the latest backup of the database."""
    at: datetime | None = None
    """Only backups taken up to this time can be the latest one; None means all."""


def chosen_source(bucket: Bucket, prefix: str, wish: Wish) -> StoredSource:
    """Return the stored archive that a command asks for.

    A warning names each backup that is passed over as the latest one.

    :raises ConfigurationError: if there is no such backup.
    :raises CorruptError: if its manifest is damaged; of the latest one, if no backup is complete.
    :raises NewerFormatError: if its manifest has the format of a later version.
    """
    backups = backups_in(bucket, prefix)
    if wish.key != LATEST:
        return _named_source(bucket, prefix, backups, plain_key(wish.key, bucket.name))
    newest = find_newest(bucket, taken_up_to(backups, wish.database, wish.at), is_ordinary)
    for each in newest.passed_over:
        if each.is_newer_format:  # it is probably good, and somebody has the version to restore it
            raise NewerFormatError(f"{each.key}: {each.reason}")
    warn_of_passed_over(newest)
    if newest.manifest is not None:
        return replace(archive_source(bucket, newest.manifest), newest=newest)
    damaged = next((each for each in newest.passed_over if each.has_manifest), None)
    if damaged is not None:
        place = f"database {wish.database} under s3://{bucket.name}/{prefix}/"
        raise CorruptError(
            f"No backup of {place} is complete: {damaged.key}: {damaged.reason}; `list` shows all"
            f"{elsewhere_too(bucket, prefix, wish.database)}"
        )
    if younger := oldest_is_younger(backups, wish.database, wish.at):
        elsewhere = elsewhere_too(bucket, prefix, wish.database)
        raise ConfigurationError(f"{younger}{elsewhere}") from None
    raise no_backup(bucket, prefix, wish.database)


def latest_with_nodes(bucket: Bucket, prefix: str, wish: Wish, empty: StoredSource) -> str | None:
    """Return the key of the latest complete backup of a graph that was not empty; or None.

    :param empty: the latest one of all. A warning has named what was passed over for it.
    """
    backups = taken_up_to(backups_in(bucket, prefix), wish.database, wish.at)
    found = find_newest(bucket, backups, has_nodes)
    told = empty.newest.passed_over if empty.newest else ()
    more = [each for each in found.passed_over if each not in told]
    warn_of_passed_over(replace(found, passed_over=more), empty.label)
    return found.manifest.archive_key if found.manifest else None


def _named_source(
    bucket: Bucket, prefix: str, backups: Sequence[StoredBackup], key: str
) -> StoredSource:
    """Return what a key names: a backup, one of two archives with one name, or a foreign object."""
    if key.endswith(PROOF_SUFFIX):
        raise ConfigurationError(
            f"{key} is a proof, and no backup: give the key of its archive; `proof` shows the proof"
        )
    try:
        backup = choose(backups, key)
    except ConfigurationError as error:
        if found := _source_elsewhere(bucket, key):
            return found
        folder = key.rpartition("/")[0]
        if folder not in ("", prefix) and (beside := backups_in(bucket, folder)):
            raise no_such_backup(beside, key, folder) from error
        if backups:
            raise
        nothing = f"nor is there any other under s3://{bucket.name}/{prefix}/"
        raise ConfigurationError(f"{error}; {nothing}; {whereabouts(bucket, prefix)}") from error
    archives = [each for each, _ in backup.archives if key in (each, each.rpartition("/")[2])]
    if backup.manifest_key is None and archives:
        return StoredSource(archives[0], None, partial(bucket.stream, archives[0]))
    source = stored_source(bucket, backup)
    if archives and archives[0] != source.label:
        raise CorruptError(
            f"{archives[0]}: the manifest is of another archive, {source.label}; name that one, or "
            "restore this one from a file (--from-file)"
        )
    return source


def _source_elsewhere(bucket: Bucket, key: str) -> StoredSource | None:
    """Return the archive with a key that is not under the prefix, and the manifest beside it.

    The key may be the manifest's, or without its extension.

    The manifest may name another prefix, because somebody may have copied both.

    :returns: None if there is no such object.
    :raises CorruptError: if the manifest is damaged, or describes a file of another size.
    """
    folder, slash, name = key.rpartition("/")
    stem = name.removesuffix(_MANIFEST_SUFFIX).partition(".cypher")[0]
    manifest_key = f"{folder}{slash}{stem}{_MANIFEST_SUFFIX}"
    try:
        manifest = read_manifest(bucket.get(manifest_key)) if bucket.head(manifest_key) else None
    except CorruptError as error:
        raise CorruptError(f"{manifest_key}: {error}") from error
    if manifest is not None:
        named = f"{folder}{slash}{manifest.archive_key.rpartition('/')[2]}"
        if key == manifest_key or name == stem:
            key = named
        elif key != named:  # two archives can have one name: compressed, and not
            manifest = None
    archive = bucket.head(key)
    if archive is None:
        return None
    if manifest and archive.size != manifest.archive_size:
        raise CorruptError(
            f"{manifest_key}: its archive {key} of {counted(manifest.archive_size, 'byte')} has "
            f"{counted(archive.size, 'byte')}"
        )
    needs = _needed(bucket, manifest, f"{folder}{slash}") if manifest else ()
    return StoredSource(key, manifest, _opener(bucket, key, manifest), needs)


def stored_source(bucket: Bucket, backup: StoredBackup) -> StoredSource:
    """Return the archive of a stored backup; an archive without a manifest can be read too.

    :raises CorruptError: if its manifest is damaged or of a newer format, or its archive is missing
        or has another size.
    """
    if backup.manifest_key is None:
        archive, _ = backup.archives[0]
        return StoredSource(archive, None, partial(bucket.stream, archive))
    try:
        manifest = read_manifest(bucket.get(backup.manifest_key))
    except CorruptError as error:
        raise CorruptError(f"{backup.manifest_key}: {error}") from error
    if problem := backup.problem(manifest):
        raise CorruptError(f"{backup.manifest_key}: {problem}")
    return archive_source(bucket, manifest)


def archive_source(bucket: Bucket, manifest: StoredManifest) -> StoredSource:
    """Return the stored archive that a manifest describes."""
    key = manifest.archive_key
    return StoredSource(key, manifest, _opener(bucket, key, manifest), _needed(bucket, manifest))


def _opener(
    bucket: Bucket, key: str, manifest: StoredManifest | None
) -> Callable[[], Iterator[bytes]]:
    """Return what reads an archive; an increment is read slowly, beside the full one."""
    if manifest and manifest.needs:
        return partial(_slowly, bucket, key)
    return partial(bucket.stream, key)


def _needed(
    bucket: Bucket, manifest: StoredManifest, folder: str | None = None
) -> list[NeededArchive]:
    """Return the archives that a backup needs.

    :param folder: where they are, if somebody has copied them elsewhere.
    """
    archives: list[NeededArchive] = []
    for need in manifest.needs:
        key = need.key if folder is None else f"{folder}{need.key.rpartition('/')[2]}"
        read = partial(_slowly, bucket, key) if archives else partial(bucket.stream, key)
        archives.append(NeededArchive(need, read))
    return archives


def _slowly(bucket: Bucket, key: str) -> Iterator[bytes]:
    """Read an object by calls for a few bytes. The next call is always under way."""
    return one_ahead(bucket.stream(key, is_slow=True))


def file_source(path: Path) -> StoredSource:
    """Return an archive in a file.

    Its manifest is used too, if it is beside the archive and both have the names that they have in
    the bucket.

    :raises ConfigurationError: if the file cannot be read.
    :raises CorruptError: if the manifest is damaged, or of a newer format.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe can be read only once
            raise ConfigurationError(f"{path} is no file")
        with path.open("rb"):
            pass
        manifest = _manifest_beside(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    needs = [
        NeededArchive(need, partial(_chunks, path.with_name(need.key.rpartition("/")[2])))
        for need in (manifest.needs if manifest else ())
    ]
    return StoredSource(str(path), manifest, partial(_chunks, path), needs)


def _manifest_beside(path: Path) -> StoredManifest | None:
    stem = path.name.partition(".cypher")[0]
    beside = path.with_name(f"{stem}.manifest.json")
    if not beside.is_file():
        return None
    try:
        manifest = read_manifest(beside.read_bytes())
    except CorruptError as error:
        raise CorruptError(f"{beside}: {error}") from error
    return manifest if manifest.archive_key.rpartition("/")[2] == path.name else None


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
