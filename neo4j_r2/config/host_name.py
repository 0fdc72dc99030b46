"""The name by which people know the machine that a message comes from."""

from __future__ import annotations

import socket
from typing import Final

from neo4j_r2.config.variables import Variables

_SERVICE: Final = "neo4j-backup"
"""The service's name in the Compose files."""


def default_host_name(variables: Variables) -> str:
    """Return the names of Compose's project and service; without Compose, the machine's name.

    A container's own name is a number, and each new container has another one.
    """
    project = variables.get("COMPOSE_PROJECT_NAME")
    return f"{project}/{_SERVICE}" if project else socket.gethostname()
