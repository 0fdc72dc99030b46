"""Refuses a backup in plain text after encrypted ones, unless somebody has asked for it."""

from __future__ import annotations

import logging

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.newest_backup import backups_of, ends_encrypted
from neo4j_r2.bucket.whereabouts import OF_THE_FIRST, Place, encrypted_anywhere, encrypted_under
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import BucketError, BucketUnavailableError, ConfigurationError
from neo4j_r2.core.printable import printable

log = logging.getLogger(__name__)


def look_and_refuse_plain_text(bucket: Bucket, config: Config, database: str) -> None:
    """Look at the stored backups of a database, if that matters; see `refuse_plain_text`.

    :raises BucketError: if the bucket cannot be read.
    """
    if not config.recipients and not config.allows_plain_text:
        backups = backups_of(bucket, config.r2.prefix, database)
        refuse_plain_text(bucket, config, database, follows_encrypted=ends_encrypted(backups))


def refuse_plain_text(
    bucket: Bucket, config: Config, database: str, *, follows_encrypted: bool | None
) -> None:
    """Refuse to store a backup of which nobody has said that everybody may read it.

    A host that lacks the variable, such as a new one after a loss, would otherwise store the graph
    in plain text without a word. Such a host may also have another prefix than before, or another
    database. So a first backup is compared with the others under its prefix, and with those of its
    database under all prefixes.

    :param follows_encrypted: whether the newest backup of the database under the prefix is
        encrypted; None if there is none. Only then the whole bucket is listed.
    :raises ConfigurationError: if the backup would be in plain text, and that one is not.
    :raises BucketError: if the prefix cannot be listed, or R2 does not answer.
    """
    if config.recipients or config.allows_plain_text or follows_encrypted is False:
        return
    there = here = not_yours = check = ""
    encrypted = database
    if follows_encrypted is None:
        # This prefix first: of the whole bucket, not all can be looked at.
        kin = encrypted_under(bucket, config.r2.prefix) or _encrypted_anywhere(bucket, database)
        if kin is None:
            return
        encrypted, there = kin.database, f" under {printable(kin.prefix)}/"
        here = f" of database {database} under {config.r2.prefix}/"
        not_yours = " (if that backup is not yours: only until this one is made)"
        check = "; if that is not the place that you mean, check BACKUP_PREFIX and NEO4J_DATABASE"
    raise ConfigurationError(
        f"The newest backup of database {encrypted}{there} is encrypted, but "
        f"BACKUP_ENCRYPTION_RECIPIENTS is not set, so this one{here} would be in plain text: set "
        "it to the public keys (age1...), or to none if everybody with access to the bucket may "
        f"read the graph{not_yours}{check}"
    )


def _encrypted_anywhere(bucket: Bucket, database: str) -> Place | None:
    """Return a place of `encrypted_anywhere`; None, perhaps with a warning, if none is found."""
    try:
        place, is_all = encrypted_anywhere(bucket, database)
    except BucketUnavailableError:
        raise
    except BucketError as error:  # the token may read only what is under the prefix
        reason = str(error)
    else:
        if place is not None or is_all:
            return place
        reason = f"none is among those {OF_THE_FIRST}"
    log.warning(
        "Whether database %s has encrypted backups under another prefix is not known (%s); this "
        "one is in plain text. Set BACKUP_ENCRYPTION_RECIPIENTS to public keys, or to none",
        database, reason,
    )  # fmt: skip
    return None
