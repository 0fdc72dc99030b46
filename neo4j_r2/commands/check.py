"""Checks the configuration and shows it; the entrypoint also gets its crontab from it."""

from __future__ import annotations

import logging
import sys
from typing import Final
from urllib.parse import urlsplit

from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.drill_files import check_drill_files
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import CheckOptions
from neo4j_r2.commands.report_start import report_failure
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.config.settings import Config, read_drill_config
from neo4j_r2.core.errors import BackupError, ConfigurationError, NoSpaceError
from neo4j_r2.core.figures import counted, megabytes
from neo4j_r2.run.state_directory import require_own

log = logging.getLogger(__name__)

_RULE: Final = 60 * "="


def run(invocation: Invocation[CheckOptions]) -> int:
    """Log the configuration if it is valid, and that it is; or print the jobs instead."""
    try:
        return check(invocation)
    except BackupError as error:
        if invocation.options.at_start:
            report_failure(invocation, error)
        raise


def check(invocation: Invocation[CheckOptions]) -> int:
    """Check the configuration, log it and print the jobs.

    :raises ConfigurationError: naming everything that is wrong.
    """
    config = configure(invocation, tries_receivers=True)
    questions = check_drills(invocation, config)
    try:
        require_own(config.service.state_directory)
    except NoSpaceError as error:  # a backup needs none
        log.warning("Runs will not be recorded: %s", error)
    log.info(_RULE)
    log.info("Neo4j to R2 Backup Service")
    log.info(_RULE)
    log.info("Configuration:\n%s", "\n".join(f"  - {line}" for line in banner(config, questions)))
    log.info(_RULE)
    if invocation.options.at_start:
        sys.stdout.write("".join(f"{line}\n" for line in jobs(config.service)))
    else:
        log.info("The configuration is OK")
    return 0


def check_drills(invocation: Invocation[CheckOptions], config: Config) -> int:
    """Check what only drills need, and return how many questions they ask.

    At the start a problem is only logged, so that backups are made all the same. The next drill
    fails with it, and tells people.

    :raises ConfigurationError: naming what is wrong, unless it is at the start.
    """
    try:
        if config.drill.uri:
            read_drill_config(invocation.environment, invocation.dotenv)
        return check_drill_files(config)
    except ConfigurationError as error:
        if not invocation.options.at_start:
            raise
        log.error("Drills will fail: %s", error)
        return 0


def jobs(service: ServiceSettings) -> list[str]:
    """Return a line for each job of crond: when it is due, and the command.

    The entrypoint replaces JOB by what starts this program. No schedule can hold this word.
    """
    drills = [f"{service.drill_schedule} JOB drill"] if service.drill_schedule else []
    return [f"{service.schedule} JOB backup", *drills]


def banner(config: Config, questions: int = 0) -> list[str]:
    """Return the lines that show a configuration when the service starts.

    By default these are the lines of the specification, and whether backups are encrypted. The
    others are about what else is on.

    :param questions: how many questions drills ask.
    """
    rules, shrink = config.prune.rules, config.prune.shrink_percent
    service, notify = config.service, config.notify
    keys = len(config.recipients)
    return [
        f"Backup schedule: {service.schedule}",
        *([f"Time zone: {service.time_zone}"] if str(service.time_zone) != "UTC" else []),
        f"Retention days: {'none' if rules.days is None else rules.days}",
        *([f"Retention rules: {rules}"] if rules.counts else []),
        *([f"Shrink alarm: more than {shrink}%"] if shrink else []),
        *(["Prune: dry run"] if config.prune.is_dry else []),
        *([f"Metrics port: {port}"] if (port := service.metrics_port) else []),
        f"Compression: {str(config.compression).lower()}",
        f"R2 Bucket: {config.r2.bucket}",
        f"Neo4j Host: {urlsplit(config.neo4j.uri).hostname}",
        f"Neo4j Database: {', '.join(config.databases)}",
        f"Encryption: {counted(keys, 'recipient') if keys else 'off, backups are not encrypted'}",
        *([f"R2 Endpoint: {endpoint}"] if (endpoint := config.r2.other_endpoint) else []),
        *(["Backup at the start: on"] if service.run_immediate_backup else []),
        *([] if service.catches_up else ["Missed backups: left out"]),
        *([f"Notifications: {len(notify.urls)} ({notify.when})"] if notify.urls else []),
        *(["Ping: on"] if notify.ping_url else []),
        *([f"Export method: {method}"] if (method := config.export_method) != "auto" else []),
        *([f"Upload limit: {megabytes(limit)}/s"] if (limit := config.r2.upload_limit) else []),
        *(["Verify: after each backup"] if config.verify_after else []),
        *_drill_lines(config, questions),
    ]


def _drill_lines(config: Config, questions: int) -> list[str]:
    """Return the lines of scheduled drills; none without a schedule."""
    schedule = config.service.drill_schedule
    if schedule is None:
        return []
    return [
        f"Drills: {schedule} into {config.drill.uri}",
        *([f"Drill checks: {questions}"] if questions else []),
    ]
