"""Refuses a backup in plain text after encrypted ones, unless somebody has asked for it."""

from __future__ import annotations

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.newest_backup import backups_of, ends_encrypted
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import ConfigurationError


def look_and_refuse_plain_text(bucket: Bucket, config: Config, database: str) -> None:
    """Look at the stored backups of a database, if that matters; see `refuse_plain_text`.

    :raises BucketError: if the bucket cannot be read.
    """
    if not config.recipients and not config.allows_plain_text:
        backups = backups_of(bucket, config.r2.prefix, database)
        refuse_plain_text(config, database, follows_encrypted=ends_encrypted(backups))


def refuse_plain_text(config: Config, database: str, *, follows_encrypted: bool) -> None:
    """Refuse to store a backup of which nobody has said that everybody may read it.

    A host that lacks the variable, such as a new one after a loss, would otherwise store the graph
    in plain text without a word.

    :param follows_encrypted: whether the newest stored backup of the database is encrypted.
    :raises ConfigurationError: if the backup would be in plain text, and that one is not.
    """
    if follows_encrypted and not config.recipients and not config.allows_plain_text:
        raise ConfigurationError(
            f"The newest backup of database {database} is encrypted, but "
            "BACKUP_ENCRYPTION_RECIPIENTS is not set, so this one would be in plain text: set it "
            "to the public keys (age1...), or to none if everybody with access to the bucket may "
            "read the graph"
        )
