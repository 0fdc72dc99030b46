"""Shows the proof of a backup, and whether the bucket still holds what was proved; asks only R2."""

from __future__ import annotations

import signal
import sys

from neo4j_r2.archive.proof import LockedProof, StoredProof
from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import (
    choose,
    choose_database,
    key_of_proved,
    taken_up_to,
)
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.proofs import newest_proved, read_stored_proof, refuse_outdated
from neo4j_r2.bucket.whereabouts import no_backup
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import ProofOptions
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import (
    BackupError,
    ConfigurationError,
    CorruptError,
    Ending,
    NoKeyError,
    Side,
)
from neo4j_r2.core.program_name import program_name
from neo4j_r2.core.tables import show
from neo4j_r2.monitoring.proof_text import FoundProof, document, sections
from neo4j_r2.run.stall_watch import Watch


def run(invocation: Invocation[ProofOptions]) -> int:
    """Print a proof, or with `--json` a document, to standard output.

    A proof of what the bucket does not hold any more is printed too, but the command fails.
    """
    found, error = look_up(invocation)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `proof | head` ends without a traceback
    if invocation.options.json:
        sys.stdout.write(document(found, error))
    elif found:
        show(*sections(found))
    if error:
        raise error
    return 0


def look_up(
    invocation: Invocation[ProofOptions],
) -> tuple[FoundProof | None, BackupError | Ending | None]:
    """Return the proof that the command line names, and why the command fails, if it does."""
    options = invocation.options
    try:
        config = configure(invocation, logs_in=False, identity=options.identity)
        watch = Watch(config.stall_seconds)
        with watch.running(), watch.waiting_for(Side.R2):
            # Somebody waits for the answer, so failures of R2 are retried only for a short time.
            bucket = Bucket(config.r2, min(QUICK_SECONDS, config.retry_seconds), watch.progress)
            bucket.preflight()
            found = find_proof(bucket, config, options)
    except (BackupError, Ending) as error:
        return None, error
    return found, found.fault


def find_proof(bucket: Bucket, config: Config, options: ProofOptions) -> FoundProof:
    """Return the proof that the options name, and look whether it is of what is in the bucket.

    :raises ConfigurationError: if there is no such proof.
    :raises NoKeyError: if private keys were given, and none of them opens it.
    :raises CorruptError: if it is damaged.
    """
    backup = find_proved(bucket, config, options)
    stored = read_stored_proof(bucket, backup)
    if stored is None:
        raise ConfigurationError(
            f"There is no proof of {options.key}: no drill of it has succeeded"
        )
    try:
        refuse_outdated(bucket, backup, stored)
    except CorruptError as error:
        fault: CorruptError | None = error
    else:
        fault = None
    return FoundProof(unlocked(backup, stored, config.private_keys), fault)


def find_proved(bucket: Bucket, config: Config, options: ProofOptions) -> StoredBackup:
    """Return the backup that the options name, or the newest one that is proved."""
    prefix = config.r2.prefix
    if options.key is not None:
        return choose(backups_in(bucket, prefix), key_of_proved(options.key, bucket.name))
    database = choose_database(config.databases, options.database, None)
    backups = taken_up_to(backups_in(bucket, prefix), database, None)
    if not backups:
        raise no_backup(bucket, prefix, database)
    if proved := newest_proved(backups):
        return proved
    raise ConfigurationError(
        f"There is no proof of database {database} under s3://{bucket.name}/{prefix}/; "
        f"`{program_name()} drill` makes one"
    )


def unlocked(backup: StoredBackup, stored: StoredProof, keys: PrivateKeys | None) -> StoredProof:
    """Return a proof as it is stored; decrypted, if it is encrypted and there are private keys."""
    if keys is None or not isinstance(stored, LockedProof):
        return stored
    try:
        return stored.unlocked(keys.decrypt_text(stored.encrypted))
    except NoKeyError as error:
        raise NoKeyError(f"{backup.proof_key} is encrypted: {error}") from error
    except CorruptError as error:
        raise CorruptError(f"{backup.proof_key}: {error}") from error
