"""Reads the configuration, and sets the log up as it says."""

from __future__ import annotations

from collections.abc import Mapping

from neo4j_r2 import log
from neo4j_r2.config import Config, ServiceSettings, read_config, read_service_settings


def configure(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Config:
    """Return the whole configuration; from here on the log masks its secrets.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    config = read_config(environment, dotenv)
    log.set_up(config.service.log_level, config.service.log_format, config.secrets())
    return config


def configure_service(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> ServiceSettings:
    """Return the settings without the secrets: a supervisor and a probe need none.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    settings = read_service_settings(environment, dotenv)
    log.set_up(settings.log_level, settings.log_format)
    return settings
