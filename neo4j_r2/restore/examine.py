"""Examines stored backups with the private keys that are there, and reports what it finds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import Enum

from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.restore.check_archive import prove
from neo4j_r2.restore.source import StoredSource
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify_stored
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


class Finding(Enum):
    """The result of examining one backup."""

    GOOD = "good"
    LOCKED = "locked"
    """Encrypted, and no private key opens it; all that can be checked without one is good."""
    BAD = "bad"


def examine(stored: StoredSource, keys: PrivateKeys | None, watch: Watch) -> Finding:
    """Read a whole archive, and check all that these private keys make readable.

    :raises CorruptError: if it is not good, or is no complete backup.
    """
    try:
        source = unlock(stored, keys)
    except NoKeyError as error:
        if stored.manifest is None:
            raise CorruptError(f"{error}; without a manifest it is no complete backup") from error
        verify_stored(stored, stored.manifest, watch)
        log.warning(
            "%s. Its size, SHA-256 and header are right; its statements, counts and blocks were "
            "not checked",
            error,
        )
        return Finding.LOCKED
    prove(source, watch)
    return Finding.GOOD


def report_findings(findings: Sequence[Finding], backups: str, *, has_keys: bool) -> None:
    """Log that all backups are good, or what of them was not checked.

    :param backups: how many backups were examined, and where they are, in words for the log.
    :param has_keys: whether private keys were given.
    :raises CorruptError: if a backup is not good.
    :raises NoKeyError: if private keys were given, and none of them opens one of the backups.
    """
    bad, locked = findings.count(Finding.BAD), findings.count(Finding.LOCKED)
    if bad:
        raise CorruptError(f"{bad} of {backups} are not good")
    if locked and has_keys:
        raise NoKeyError(f"None of the given private keys opens {locked} of {backups}")
    if locked:
        log.warning(
            "All %s are good as far as they were read. The statements, counts and blocks of %d of "
            "them were not checked: that takes a private key (--identity)", backups, locked,
        )  # fmt: skip
    else:
        log.info("All %s are good", backups)
