"""Reads the configuration, and sets up the log as it says."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.commands.identity_file import read_drill_keys, read_private_keys
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.neo4j_settings import Neo4jSettings, read_target
from neo4j_r2.config.notify_settings import NotifySettings, read_notify_settings, url_problem
from neo4j_r2.config.route import requested_route
from neo4j_r2.config.service_settings import (
    ServiceSettings,
    read_service_settings,
    requested_state_directory,
)
from neo4j_r2.config.settings import Config, read_config, read_drill_config
from neo4j_r2.config.variables import replaced_by_dotenv
from neo4j_r2.core import log as logs
from neo4j_r2.monitoring.apprise_receiver import receiver_problem
from neo4j_r2.run.route_directory import route_directory, take_route_directory

log = logging.getLogger(__name__)


def configure(
    invocation: Invocation[Options],
    *,
    logs_in: bool = True,
    uses_bucket: bool = True,
    tries_receivers: bool = False,
    identity: str | None = None,
) -> Config:
    """Return the whole configuration; from here on the log masks its secrets.

    :param logs_in: whether Neo4j's password is needed.
    :param uses_bucket: whether R2's variables are needed.
    :param tries_receivers: whether Apprise checks the notification URLs; it is slow to load.
    :param identity: the file of private keys, as `--identity` names it.
    :raises ConfigurationError: naming every variable that is wrong, or what is wrong with the file.
    """
    config = read_config(
        invocation.environment,
        invocation.dotenv,
        logs_in=logs_in,
        uses_bucket=uses_bucket,
        receiver_problem=receiver_problem if tries_receivers else url_problem,
    )
    return _set_up(invocation, config, read_private_keys(identity) if identity else None)


def configure_drill(invocation: Invocation[Options], identity: str | None) -> Config:
    """Return the whole configuration for a drill; see `configure`.

    :param identity: the file of private keys, as `--identity` names it; None takes that of
        DRILL_IDENTITY_FILE, if it is set.
    :raises ConfigurationError: naming every variable that is wrong, or what is wrong with the file.
    """
    config = read_drill_config(invocation.environment, invocation.dotenv)
    path = config.drill.identity_file
    if identity:
        return _set_up(invocation, config, read_private_keys(identity))
    return _set_up(invocation, config, read_drill_keys(path) if path else None)


def _set_up(
    invocation: Invocation[Options], config: Config, private_keys: PrivateKeys | None
) -> Config:
    """Return the configuration with the keys and with its own state directory; set up the log."""
    config = config.with_state_in(own_state_directory(invocation))
    config = replace(config, private_keys=private_keys)
    logs.set_up(config.service.log_level, config.service.log_style, config.secrets())
    for warning in config.warnings:
        log.warning("%s", warning)
    if names := replaced_by_dotenv(invocation.environment, invocation.dotenv):
        log.warning("Set to nothing in the environment, so .env decides: %s", ", ".join(names))
    return config


def configure_target(invocation: Invocation[Options], config: Config, uri: str) -> Neo4jSettings:
    """Return how to log in to another Neo4j; the log masks that password too.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    settings = read_target(invocation.environment, invocation.dotenv, uri)
    secrets = [*config.secrets(), settings.password]
    logs.set_up(config.service.log_level, config.service.log_style, secrets)
    return settings


def configure_service(invocation: Invocation[Options]) -> ServiceSettings:
    """Return the settings that hold no secret: the supervisor and the health probe need no more.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    settings = read_service_settings(invocation.environment, invocation.dotenv)
    logs.set_up(settings.log_level, settings.log_style)
    return replace(settings, state_directory=own_state_directory(invocation))


def take_state(invocation: Invocation[Options], config: Config) -> Config:
    """Return the configuration for a command that writes into the state directory of its route."""
    return config.with_state_in(own_state_directory(invocation, writes_state=True))


def own_state_directory(invocation: Invocation[Options], *, writes_state: bool = False) -> Path:
    """Return the directory for the state of the configured route, before all else is checked.

    :param writes_state: whether the command writes there; the first one takes the directory.
    :raises ConfigurationError: if the variable is wrong.
    """
    variables = (invocation.environment, invocation.dotenv)
    find = take_route_directory if writes_state else route_directory
    return find(requested_state_directory(*variables), requested_route(*variables))


def configure_notify(invocation: Invocation[Options]) -> NotifySettings:
    """Return the receivers, checked by Apprise; the log masks their URLs.

    :raises ConfigurationError: naming every variable that is wrong, or if there is no receiver.
    """
    service = configure_service(invocation)
    settings = read_notify_settings(invocation.environment, invocation.dotenv, receiver_problem)
    logs.set_up(service.log_level, service.log_style, settings.secrets())
    return settings
