"""The name by which people know the machine that a message comes from."""

from __future__ import annotations

import re
import socket
from typing import Final

from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.config.variables import Variables

_SERVICE: Final = "neo4j-backup"
"""The service's name in the Compose files."""
_NUMBER: Final = re.compile("[0-9a-f]{12}")
"""The name that an engine gives a container, if nobody has chosen one."""


def default_host_name(variables: Variables) -> str:
    """Return the name of this host, for people, from what Compose and the machine tell."""
    in_container = variables.get(CONTAINER_MARK) is not None
    return host_name(
        variables.get("COMPOSE_PROJECT_NAME"), socket.gethostname(), in_container=in_container
    )


def host_name(project: str | None, machine: str, *, in_container: bool) -> str:
    """Return the names of Compose's project and service; without Compose, the machine's name.

    Before version 2, Compose does not tell its project. The machine's name is then a number, unless
    somebody has chosen a name, and each new container has another one. It does not say what it is
    of, so the service's name goes before it.
    """
    if project:
        return f"{project}/{_SERVICE}"
    if in_container and _NUMBER.fullmatch(machine):
        return f"{_SERVICE} (container {machine})"
    return machine
