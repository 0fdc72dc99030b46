"""Serves a page for people, Prometheus metrics and the health; reads the state for each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from prometheus_client import make_wsgi_app
from prometheus_client.core import Metric

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.notify_settings import requested_host
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import ConfigurationError, Interruption
from neo4j_r2.monitoring.health_probe import assess, look
from neo4j_r2.monitoring.metrics import families
from neo4j_r2.monitoring.page import page
from neo4j_r2.monitoring.page_view import View
from neo4j_r2.monitoring.web_pages import Answer, Page, Request, ask
from neo4j_r2.monitoring.web_server import serve
from neo4j_r2.run import signals
from neo4j_r2.run.processes import is_in_service_container
from neo4j_r2.run.record import with_killed_run
from neo4j_r2.run.restore_points import RestorePointsFile

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def run(invocation: Invocation[Options]) -> int:
    """Serve until a signal ends it, and return 0."""
    settings = configure_service(invocation)
    if settings.metrics_port is None:
        raise ConfigurationError("METRICS_PORT is required: the port that metrics are served at")
    host = requested_host(invocation.environment, invocation.dotenv)
    pages: dict[str, Page] = {
        "/": partial(people_page, settings, host),
        "/metrics": partial(
            metrics_page, make_wsgi_app(_Collector(settings), disable_compression=True)
        ),
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


def people_page(settings: ServiceSettings, host: str, _request: Request) -> Answer:
    """Return the page for people; it is always 200, because programs ask for the health."""
    directory = settings.state_directory
    signs = look(settings)
    view = View(
        signs=signs,
        history=with_killed_run(signs.state, directory) if signs.state else None,
        points=RestorePointsFile(directory).read(),
        settings=settings,
        host=host,
        is_in_container=is_in_service_container(),
    )
    return Answer(HTTPStatus.OK, page(view), "text/html; charset=utf-8")


def metrics_page(metrics: WSGIApplication, request: Request) -> Answer:
    """Return all metrics, in the format that the client asks for."""
    try:
        return ask(metrics, request.accept)
    except TypeError:  # the version in `Accept` is no version
        return ask(metrics, accept="")


def health_page(settings: ServiceSettings, _request: Request) -> Answer:
    """Return what `backup.py health` logs."""
    health = assess(look(settings), settings)
    status = HTTPStatus.OK if health.is_good else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, f"{health.line}\n".encode())
