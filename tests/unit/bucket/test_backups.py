"""How the objects in the bucket become backups."""

from __future__ import annotations

from dataclasses import replace

from neo4j_r2.bucket.backups import backups_among
from tests.unit.bucket.test_keys import ARCHIVE, MANIFEST, NAME, PLAIN, PREFIX, TAKEN


def test_objects_become_backups_oldest_first_without_foreign_keys() -> None:
    later = replace(NAME, taken=TAKEN.replace(day=9))
    objects = [
        (later.archive_key(compressed=True), 7),
        ("neo4j-backup/readme.txt", 1),
        (MANIFEST, 2),
        (ARCHIVE, 5),
        (PLAIN, 6),
    ]
    first, second = backups_among(objects, PREFIX)
    assert first.name == NAME
    assert sorted(first.archives) == [(PLAIN, 6), (ARCHIVE, 5)]
    assert first.manifest_key == MANIFEST
    assert second.name == later
    assert second.archives == ((later.archive_key(compressed=True), 7),)
    assert second.manifest_key is None


def test_a_manifest_without_an_archive_is_still_a_stored_backup() -> None:
    (backup,) = backups_among([(MANIFEST, 2)], PREFIX)
    assert backup.archives == ()
    assert backup.manifest_key == MANIFEST


def test_an_acceptance_belongs_to_its_backup_and_is_no_backup_alone() -> None:
    lonely = replace(NAME, taken=TAKEN.replace(day=9)).acceptance_key
    objects = [(ARCHIVE, 5), (MANIFEST, 2), (NAME.acceptance_key, 1), (lonely, 1)]
    (backup,) = backups_among(objects, PREFIX)
    assert backup.acceptance_key == NAME.acceptance_key
    assert backup.keys == [MANIFEST, NAME.acceptance_key, ARCHIVE]


def test_a_proof_belongs_to_its_backup_and_is_no_backup_alone() -> None:
    lonely = replace(NAME, taken=TAKEN.replace(day=9))
    objects = [
        (ARCHIVE, 5),
        (MANIFEST, 2),
        (NAME.acceptance_key, 1),
        (NAME.proof_key, 1),
        (lonely.proof_key, 1),
        (lonely.acceptance_key, 1),
    ]
    (backup,) = backups_among(objects, PREFIX)
    assert backup.proof_key == NAME.proof_key
    assert backup.archives == ((ARCHIVE, 5),)


def test_a_proof_goes_first_and_the_archives_go_last() -> None:
    objects = [(ARCHIVE, 5), (PLAIN, 5), (MANIFEST, 2), (NAME.acceptance_key, 1)]
    (backup,) = backups_among([*objects, (NAME.proof_key, 1)], PREFIX)
    assert backup.keys == [NAME.proof_key, MANIFEST, NAME.acceptance_key, PLAIN, ARCHIVE]
    (without,) = backups_among([(ARCHIVE, 5), (NAME.proof_key, 1)], PREFIX)
    assert without.keys == [NAME.proof_key, ARCHIVE]
