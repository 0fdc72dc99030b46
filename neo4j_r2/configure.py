"""Reads the configuration, and sets the log up as it says."""

from __future__ import annotations

from neo4j_r2 import log
from neo4j_r2.config import Config, ServiceSettings, read_config, read_service_settings
from neo4j_r2.invocation import Invocation


def configure(invocation: Invocation, *, logs_in: bool = True) -> Config:
    """Return the whole configuration; from here on the log masks its secrets.

    :param logs_in: whether Neo4j's password is needed.
    :raises ConfigurationError: naming every variable that is wrong.
    """
    config = read_config(invocation.environment, invocation.dotenv, logs_in=logs_in)
    log.set_up(config.service.log_level, config.service.log_format, config.secrets())
    return config


def configure_service(invocation: Invocation) -> ServiceSettings:
    """Return the settings without the secrets: a supervisor and a probe need none.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    settings = read_service_settings(invocation.environment, invocation.dotenv)
    log.set_up(settings.log_level, settings.log_format)
    return settings
