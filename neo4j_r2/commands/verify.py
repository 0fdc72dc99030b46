"""Reads backups back and checks them against their manifests; on demand, runs a restore drill."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial

from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.removed_backup import was_removed
from neo4j_r2.bucket.whereabouts import no_backup
from neo4j_r2.commands.configure import configure, configure_target
from neo4j_r2.commands.each_database import each_database
from neo4j_r2.commands.forget_damaged import forgetting_if_damaged
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import VerifyOptions
from neo4j_r2.commands.record_look import record_look
from neo4j_r2.commands.select_databases import stored_databases
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import (
    BackupError,
    BucketError,
    ConfigurationError,
    CorruptError,
    Ending,
    Side,
)
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.check_archive import prove
from neo4j_r2.restore.examine import Examined, Finding, examine, report_findings
from neo4j_r2.restore.findings import Findings
from neo4j_r2.restore.run_drill import run_drill
from neo4j_r2.restore.scratch import BackedUp, Scratch
from neo4j_r2.restore.source import StoredSource, Wish, chosen_source, stored_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.run.phases import Phases
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation[VerifyOptions]) -> int:
    """Verify one backup or several, and return 0 if all are good.

    With `--json`, what was found is also written to standard output, as one document.
    """
    options = invocation.options
    findings = Findings()
    try:
        config = configure(invocation, logs_in=False, identity=options.identity)
        scratch = scratch_settings(invocation, config)
        verify_wished(config, options, scratch, findings)
    except (BackupError, Ending) as error:
        write_document(findings, options, error)
        raise
    write_document(findings, options, None)
    return 0


def write_document(
    findings: Findings, options: VerifyOptions, error: BackupError | Ending | None
) -> None:
    """Write the JSON document, if it is asked for.

    :param error: why the command fails; None if it does not.
    """
    if options.json:
        sys.stdout.write(findings.document(options.drill, error))


def verify_wished(
    config: Config, options: VerifyOptions, scratch: Neo4jSettings | None, findings: Findings
) -> None:
    """Verify the backups that the options name."""
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        if options.all:
            verify_all(bucket, config, options.database, watch, findings)
        elif scratch:
            stored = find_backup(bucket, config, options)
            drill = partial(drill_one, stored, config, scratch, watch)
            note(findings, stored, config, drill)
        elif options.key:
            stored = find_backup(bucket, config, options)
            note(findings, stored, config, partial(verify_one, stored, config.private_keys, watch))
        else:
            verify_latest(bucket, config, options.database, watch, findings)


def drill_one(
    stored: StoredSource, config: Config, settings: Neo4jSettings, watch: Watch
) -> Finding:
    """Run a restore drill, which proves the backup, and empty the scratch database again.

    :param settings: of the scratch database.
    """
    source = unlock(stored, config.private_keys)
    with (
        watch.waiting_for(Side.NEO4J),
        Graph(settings, config.retry_seconds) as graph,
        Target(settings) as target,
    ):
        own = {source.manifest.database_id} if source.manifest else set()
        scratch = Scratch(graph, target, BackedUp(own), watch.progress)
        scratch.admit()
        drilled = run_drill(scratch, source, watch, Phases())
        scratch.empty()
    log.info("The drill succeeded: %s comes back %s", source.label, drilled.how)
    return Finding.GOOD


def scratch_settings(invocation: Invocation[VerifyOptions], config: Config) -> Neo4jSettings | None:
    """Return how to log in to the server that a drill uses; None without a drill.

    :raises ConfigurationError: if it is the Neo4j that is backed up, or a variable is wrong.
    """
    uri = invocation.options.drill
    if uri is None:
        return None
    if uri == config.neo4j.uri:
        raise ConfigurationError(
            "--drill: this is the Neo4j that is backed up; give the address of an empty Neo4j that "
            "nobody uses"
        )
    return configure_target(invocation, config, uri)


def find_backup(bucket: Bucket, config: Config, options: VerifyOptions) -> StoredSource:
    """Return the one backup that the command line names, or the latest one."""
    database = choose_database(config.databases, options.database, options.key)
    return chosen_source(bucket, config.r2.prefix, Wish(database, options.key or LATEST))


def note(
    findings: Findings, stored: StoredSource, config: Config, examine_it: Callable[[], Finding]
) -> Finding:
    """Examine a backup, note what is found, and see to it that no increment needs it if it is bad.

    :raises CorruptError, NoKeyError: as `Findings.note`.
    """
    with forgetting_if_damaged(config, stored):
        return findings.note(stored, examine_it)


def verify_latest(
    bucket: Bucket, config: Config, wished: str | None, watch: Watch, findings: Findings
) -> None:
    """Verify the latest backup of each database.

    :param wished: the only database to verify; None means all that are configured.
    :raises ConfigurationError: if there is no backup.
    """

    found = []

    def verify_latest_of(database: str) -> None:
        stored = chosen_source(bucket, config.r2.prefix, Wish(database, LATEST))
        if stored.newest:
            record_look(config, database, stored.newest)
        verify_it = partial(verify_one, stored, config.private_keys, watch)
        found.append(note(findings, stored, config, verify_it))

    databases = stored_databases(bucket, config, wished)
    if not databases:
        raise no_backup(bucket, config.r2.prefix, wished)
    each_database(databases, verify_latest_of)
    if len(databases) > 1:
        report_findings(found, Examined("latest backup", "latest backups"), has_keys=False)


def verify_one(stored: StoredSource, keys: PrivateKeys | None, watch: Watch) -> Finding:
    """Verify a backup; of an encrypted one without private keys, all that can be read.

    :raises NoKeyError: if private keys were given, and none of them opens the backup.
    :raises CorruptError: if the backup is not good.
    """
    if keys is None:
        return examine(stored, None, watch)
    prove(unlock(stored, keys), watch)
    return Finding.GOOD


def verify_all(
    bucket: Bucket, config: Config, database: str | None, watch: Watch, findings: Findings
) -> None:
    """Verify every backup under the prefix, newest first.

    One that is removed meanwhile, as by a prune on another host, is neither good nor bad.

    :param database: the only database whose backups are verified; None means all.
    :raises ConfigurationError: if there is no backup.
    :raises CorruptError: after all were read, if one is not good.
    :raises NoKeyError: after all were read, if private keys were given, and none of them opens one.
    """
    prefix = config.r2.prefix
    backups = [
        backup for backup in backups_in(bucket, prefix) if database in (None, backup.name.database)
    ]
    if not backups:
        raise no_backup(bucket, prefix, database)
    found = []
    for backup in reversed(backups):
        try:
            found.append(examine_stored(bucket, backup, config, watch, findings))
        except BucketError as error:
            key = backup.manifest_key or backup.archives[0][0]
            if not was_removed(bucket, key, error):
                raise
            log.info("%s was removed meanwhile", key)
    if not found:
        raise no_backup(bucket, prefix, database)
    examined = Examined(f"backup under {prefix}/", f"backups under {prefix}/")
    report_findings(found, examined, has_keys=config.private_keys is not None)


def examine_stored(
    bucket: Bucket,
    backup: StoredBackup,
    config: Config,
    watch: Watch,
    findings: Findings,
) -> Finding:
    """Examine one of several backups, and log what is wrong with it."""
    try:
        stored = stored_source(bucket, backup)
    except CorruptError as error:
        log.warning("%s", error)
        findings.note_unreadable(backup.manifest_key or "", error)
        return Finding.BAD
    try:
        return note(findings, stored, config, partial(examine, stored, config.private_keys, watch))
    except CorruptError as error:
        log.warning("%s", error)
        return Finding.BAD
