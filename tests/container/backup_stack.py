"""The project's compose files, as its users start them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from neo4j import Driver, GraphDatabase

from testbed.ports import LOOPBACK
from testbed.s3_server import s3_client
from testbed.stack import Executed, Stack
from testbed.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ROOT: Final = Path(__file__).resolve().parent.parent.parent
HERE: Final = Path(__file__).resolve().parent
SERVICE: Final = "neo4j-backup"
BACKUP: Final = ("python3", "/app/backup.py")
PASSWORD: Final = "p w'q\"x$y"
"""Has every character that a shell, a crontab, Compose or an env file treats specially."""
IN_ENV_FILE: Final = r"'p w\'q\"x$y'".replace('\\"', '"')
BUCKET: Final = "graphiti-neo4j-backup"
QUIET_SCHEDULE: Final = "0 0 29 2 *"
"""A schedule that is due so rarely that no test meets it."""
SLOWLY: Final = {"BACKUP_UPLOAD_LIMIT": "2mbit"}
"""A backup of the stack's graph then takes some seconds."""
RECEIVE_ONE: Final = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 8080), Handler).handle_request()
"""
"""Prints the one notification that is sent to port 8080 of the container."""
LOG_SECONDS: Final = 90.0
HEALTH_POLL_SECONDS: Final = 0.5
"""The engine probes once a second at most."""


@dataclass(frozen=True)
class Surroundings:
    """The stack of `docker-compose.yml`: Neo4j, the S3 server, and the first backup service."""

    stack: Stack
    variables: Mapping[str, str]
    bolt_port: int
    s3_port: int

    def driver(self) -> Driver:
        """Return a new driver for the stack's Neo4j."""
        return GraphDatabase.driver(f"bolt://{LOOPBACK}:{self.bolt_port}", auth=("neo4j", PASSWORD))

    def s3(self) -> S3Client:
        """Return a client of the stack's S3 server."""
        return s3_client(f"http://{LOOPBACK}:{self.s3_port}", "local", "local-secret")

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under a prefix, in ascending order."""
        listing = self.s3().list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")
        return sorted(entry["Key"] for entry in listing.get("Contents", []))

    def manifests(self, prefix: str) -> list[dict[str, Any]]:
        """Return the manifests under a prefix, oldest first."""
        client = self.s3()
        return [
            json.load(client.get_object(Bucket=BUCKET, Key=key)["Body"])
            for key in self.keys(prefix)
            if key.endswith(".manifest.json")
        ]

    def beside(self, *added: Path, **variables: str) -> Stack:
        """Describe a backup service of its own for the same Neo4j and bucket; a context manager.

        It is the one of `docker-compose.backup-only.yml`, with a state of its own.

        :param added: more Compose files.
        """
        files = [ROOT / "docker-compose.backup-only.yml", HERE / "quick_health.yml", *added]
        configured = {
            **self.variables,
            "NEO4J_NETWORK": f"{self.stack.project}_neo4j",
            "NEO4J_PASSWORD": PASSWORD,
            "R2_ENDPOINT_URL": "http://s3:80",
            "R2_ACCESS_KEY_ID": "local",
            "R2_SECRET_ACCESS_KEY": "local-secret",
            "R2_BUCKET_NAME": BUCKET,
            "BACKUP_SCHEDULE": QUIET_SCHEDULE,
        }
        return Stack("beside", files, ROOT, {**configured, **variables})


def start(stack: Stack, **variables: str) -> None:
    """Start the backup service with these variables, and wait until it has started `crond`.

    It is healthy before that: while it waits for Neo4j and R2.
    """
    stack.up(wait=True, variables=variables)
    wait_for_line(stack, "[INFO] At the start: ")


def soon() -> datetime:
    """Return a full minute that is 30 to 90 seconds away: a service can start before it."""
    return (datetime.now(UTC) + timedelta(seconds=90)).replace(second=0, microsecond=0)


def hours_away() -> datetime:
    """Return a time that no test meets."""
    return datetime.now(UTC) + timedelta(hours=12)


def daily_at(due: datetime) -> str:
    """Return the schedule of each day that is due then."""
    return f"{due.minute} {due.hour} * * *"


def back_up(stack: Stack, **variables: str) -> Executed:
    """Make a manual backup, as README has it, and return its end."""
    return stack.execute(SERVICE, *BACKUP, variables=variables)


def wait_for_line(stack: Stack, line: str, *, count: int = 1, seconds: float = LOG_SECONDS) -> None:
    """Wait until the backup service has logged a line (or a part of one) `count` times."""
    stack.wait_for_logs(
        SERVICE,
        lambda log: log.count(line) >= count,
        seconds=seconds,
        what=f"the line {line!r}, {count} times",
    )


def wait_for_health(stack: Stack, health: str, saying: str = "", *, seconds: float = 60.0) -> str:
    """Wait until the service has this health and the probe says so; return what the probe said."""

    def is_there() -> bool:
        state = stack.state(SERVICE)
        return state.health == health and saying in state.health_output

    what = f"health {health} {saying}"
    wait_until(is_there, seconds=seconds, what=what, poll_seconds=HEALTH_POLL_SECONDS)
    return stack.state(SERVICE).health_output
