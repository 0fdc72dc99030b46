"""The route of the backups: from which server they come, and to which bucket and prefix they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from urllib.parse import urlsplit

from neo4j_r2.config.neo4j_settings import read_databases, read_neo4j
from neo4j_r2.config.r2_settings import read_r2
from neo4j_r2.config.variables import Variables


@dataclass(frozen=True)
class Route:
    """One route; a part that is not configured is empty. No part holds a secret.

    The addresses are hosts with their ports: how a host is spoken to does not make it another one.
    """

    server: str
    """The address of Neo4j."""
    endpoint: str
    """The address of R2, which has the account in it."""
    bucket: str
    prefix: str

    @property
    def is_complete(self) -> bool:
        """Whether every part is configured."""
        return all(astuple(self))

    def may_be(self, other: Route) -> bool:
        """Whether this is another route, or would be it if more was configured."""
        return all(own in ("", its) for own, its in zip(astuple(self), astuple(other), strict=True))


def requested_route(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Route:
    """Return the route without checking anything: a run with a wrong configuration has one too."""
    variables = Variables(environment, dotenv)
    neo4j = read_neo4j(variables, read_databases(variables), logs_in=False)
    r2 = read_r2(variables, is_used=True)
    return Route(_address(neo4j.uri, 7687), _address(r2.endpoint_url, 443), r2.bucket, r2.prefix)


def _address(url: str, default_port: int) -> str:
    """Return host and port; empty if there are none. What else is in the URL may be a secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or default_port
    except ValueError:
        return ""
    return "" if host.startswith(".") or not host else f"{host}:{port}"
