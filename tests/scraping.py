"""Readers of the service's metrics: what a client over HTTP gets, and what is in a scrape."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from testbed.ports import LOOPBACK

SECONDS = 10.0


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: str


def request(
    port: int,
    path: str,
    method: str = "GET",
    *,
    host: str = LOOPBACK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Ask a server on this machine for a path."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        return Response(response.status, dict(response.headers), response.read().decode())
    finally:
        connection.close()


def request_bytes(port: int, path: str, headers: Mapping[str, str]) -> bytes:
    """Ask a server on this machine for a path, and return the body as it comes."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().read()
    finally:
        connection.close()


def samples(text: str) -> dict[str, float]:
    """Return each sample of a scrape by its series, written without the common prefix."""
    return {
        series(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def series(name: str, labels: Mapping[str, str]) -> str:
    """Return a series as Prometheus writes it, labels in order, without the common prefix."""
    short = name.removeprefix("neo4j_backup_")
    listed = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{short}{{{listed}}}" if listed else short


def of(scrape: Mapping[str, float], database: str) -> dict[str, float]:
    """Return the samples of one database by their names, without those of failures."""
    label = f'{{database="{database}"}}'
    own = {name: value for name, value in scrape.items() if name.endswith(label)}
    return {name.removesuffix(label): value for name, value in own.items()}
