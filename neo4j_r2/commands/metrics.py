"""Serves Prometheus metrics and the service's health; reads the state file for each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import ConfigurationError, Interruption
from neo4j_r2.monitoring.health_probe import assess, look
from neo4j_r2.monitoring.http_server import Answer, serve
from neo4j_r2.monitoring.metrics import families
from neo4j_r2.run import signals

_TEXT: Final = "text/plain; charset=utf-8"


def run(invocation: Invocation[Options]) -> int:
    """Serve until a signal ends it, and return 0."""
    settings = configure_service(invocation)
    if settings.metrics_port is None:
        raise ConfigurationError("METRICS_PORT is required: the port that metrics are served at")
    pages = {
        "/metrics": partial(metrics_page, settings),
        "/health": partial(health_page, settings),
    }
    with suppress(Interruption):
        serve(settings.metrics_address, settings.metrics_port, pages)
    signals.settle()
    return 0


@dataclass(frozen=True)
class _Collector:
    """The object that prometheus_client asks for the metrics."""

    settings: ServiceSettings

    def collect(self) -> Iterator[Metric]:
        return families(look(self.settings), self.settings)


def metrics_page(settings: ServiceSettings, accept: str) -> Answer:
    """Return all metrics, in the format that the client asks for."""
    try:
        encode, content_type = choose_encoder(accept)
    except TypeError:  # the version in it is no version
        encode, content_type = choose_encoder("")
    return Answer(HTTPStatus.OK, content_type, encode(_Collector(settings)))


def health_page(settings: ServiceSettings, _accept: str) -> Answer:
    """Return what `backup.py health` logs."""
    health = assess(look(settings), settings)
    status = HTTPStatus.OK if health.is_good else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, _TEXT, f"{health.line}\n".encode())
