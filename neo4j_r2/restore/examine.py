"""Examines stored backups with the private keys that are there, and reports what it finds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Examined:
    """Which backups were examined, in words for the log."""

    one: str
    """What one of them is."""
    many: str
    """What several of them are."""

    def share(self, number: int, total: int) -> str:
        """Return some of them, as in "2 of 7 backups"."""
        return f"the only {self.one}" if total == 1 else f"{number:,} of {total:,} {self.many}"

    def all(self, total: int) -> tuple[str, str]:
        """Return all of them with the verb, and their pronoun."""
        one, many = f"The only {self.one} is", f"All {total:,} {self.many} are"
        return (one, "it") if total == 1 else (many, "they")


def report_findings(findings: Sequence[Finding], examined: Examined, *, has_keys: bool) -> None:
    """Log that all backups are good, or what of them was not checked.

    :param findings: one for each backup, at least one.
    :param has_keys: whether private keys were given.
    :raises CorruptError: if a backup is not good.
    :raises NoKeyError: if private keys were given, and none of them opens one of the backups.
    """
    total = len(findings)
    bad, locked = findings.count(Finding.BAD), findings.count(Finding.LOCKED)
    if bad:
        share = examined.share(bad, total)
        raise CorruptError(f"{share[0].upper()}{share[1:]} {'is' if bad == 1 else 'are'} not good")
    if locked and has_keys:
        raise NoKeyError(f"None of the given private keys opens {examined.share(locked, total)}")
    all_are, they = examined.all(total)
    if locked:
        log.warning(
            "%s good as far as %s could be read. The statements, counts and blocks of %s were not "
            "checked: that takes a private key (--identity)",
            all_are, they, examined.share(locked, total),
        )  # fmt: skip
    else:
        log.info("%s good", all_are)
