"""Tells which names are probably misspelt variables of this service: a pure decision."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

CONTAINER_MARK: Final = "BACKUP_CONTAINER"
"""The image sets this variable: in a container the whole environment is meant for this service."""
COMPOSE_NAMES: Final = frozenset(
    {
        "BACKUP_ENV_FILE",
        "BACKUP_IMAGE",
        "NEO4J_IMAGE",
        "NEO4J_NETWORK",
        "NEO4J_PUBLISHED_BOLT_PORT",
        "NEO4J_PUBLISHED_HTTP_PORT",
        "PYTHON_IMAGE",
        "S3_IMAGE",
        "SECRETS_DIRECTORY",
    }
)
"""Variables that only the Compose files use, from the same `.env`."""
_NEO4J_NAMES: Final = frozenset(
    f"NEO4J_{name}"
    for name in (
        "ACCEPT_LICENSE_AGREEMENT",
        "AUTH",
        "AUTH_PATH",
        "CONF",
        "DEBUG",
        "DEPRECATION_WARNING",
        "EDITION",
        "HOME",
        "PLUGINS",
        "SHA256",
        "TARBALL",
    )
)
"""Variables of Neo4j's image; those in lower case, as NEO4J_server_..., are Neo4j's settings."""
_OWN_PREFIXES: Final = ("BACKUP_", "R2_", "RESTORE_NEO4J_")
_NEO4J_PREFIX: Final = "NEO4J_"
_SHARED_PREFIXES: Final = (_NEO4J_PREFIX, "RUN_", "METRICS_", "LOG_", "DRILL_")
"""Other programs use these too, so a name that is not known may be theirs."""
_LINK: Final = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)")
"""Names that Kubernetes sets in each container for each service, as BACKUP_SERVICE_HOST."""
_SIMILAR: Final = 0.7
_TYPING_MISTAKE: Final = 0.88
"""The least similarity that a word has with itself after a typing mistake; 1 is equality."""


@dataclass
class UnknownNames:
    """The names that were found, each with the nearest known name."""

    refused: dict[str, str] = field(default_factory=dict)
    """The nearest name is empty if none is near."""
    doubtful: dict[str, str] = field(default_factory=dict)
    """They may be meant for other programs, so that a warning must do."""


def find_unknown(
    environment: Mapping[str, str], dotenv: Mapping[str, str], known: Collection[str]
) -> UnknownNames:
    """Find the set variables that look like variables of this service and are none.

    :param known: all names that this service reads.
    """
    found = UnknownNames()
    for variables, is_ours in ((environment, CONTAINER_MARK in environment), (dotenv, True)):
        for name, value in variables.items():
            if value and not _is_known(name, value, known):
                _judge(found, name, known, is_ours=is_ours)
    return found


def _is_known(name: str, value: str, known: Collection[str]) -> bool:
    is_link = _LINK.fullmatch(name) or value.startswith(("tcp://", "udp://"))
    is_setting_of_neo4j = name.startswith(_NEO4J_PREFIX) and not name.isupper()
    return (
        name in known
        or name == CONTAINER_MARK
        or name in COMPOSE_NAMES
        or name in _NEO4J_NAMES
        or bool(is_link)
        or (is_setting_of_neo4j and name.upper() not in known)
    )


def _judge(found: UnknownNames, name: str, known: Collection[str], *, is_ours: bool) -> None:
    """Add a name to the refused ones, to the doubtful ones, or to neither.

    :param is_ours: whether the place in which the name is set is meant for this service.
    """
    upper = name.upper()
    fuller = [each for each in known if set(upper.split("_")) <= set(each.split("_"))]
    nearest = _nearest(upper, fuller, 0.0) or _nearest(upper, known, _SIMILAR)
    is_own = upper.startswith(_OWN_PREFIXES)
    is_mistake = not upper.startswith(_NEO4J_PREFIX) and _nearest(upper, known, _TYPING_MISTAKE)
    if (is_own and is_mistake) or (is_ours and (is_own or is_mistake)):
        found.refused[name] = nearest
    elif is_own or is_mistake or upper.startswith(_SHARED_PREFIXES if is_ours else _NEO4J_PREFIX):
        found.doubtful[name] = nearest


def _nearest(name: str, known: Collection[str], similarity: float) -> str:
    return next(iter(difflib.get_close_matches(name, known, 1, similarity)), "")
