"""The directory for the state of one route: several services of one user do not share a state.

The first route takes the state directory itself, as the only service of a host does. Any other one
has a directory in it. So the lock, the state file and all other records are kept apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from neo4j_r2.config.route import Route
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.state_directory import errors_explained, prepare, replace_file

FILE_NAME: Final = "route.json"
"""Says in each directory whose it is. A state directory of earlier versions has none."""
_LARGEST: Final = 64 * 1024


def route_directory(root: Path, route: Route) -> Path:
    """Return the directory for a route; nothing is written.

    :param root: the configured state directory. If no route has taken it yet, it is returned.
    """
    owner = _owner(root)
    if owner is None or route.may_be(owner):
        return root
    return root / f"route-{hashlib.sha256(_text(route).encode()).hexdigest()[:12]}"


def take_route_directory(root: Path, route: Route) -> Path:
    """Return the directory for a route that is about to write there.

    A route that is not complete takes nothing: it could be any. If a file cannot be written, that
    is no error here: whoever uses the directory next will say what is wrong with it.
    """
    with suppress(ConfigurationError):
        if route.is_complete:
            _take(root, route)
            directory = route_directory(root, route)
            if directory != root and _owner(directory) is None:
                prepare(directory)
                replace_file(directory / FILE_NAME, _text(route))  # for people
    return route_directory(root, route)


def _take(root: Path, route: Route) -> None:
    """Write whose the directory is, if it is nobody's; two services may try it at once."""
    prepare(root)
    with errors_explained(root):
        descriptor = os.open(root / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _parse(os.pread(descriptor, _LARGEST, 0)) is None:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, _text(route).encode(), 0)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _owner(directory: Path) -> Route | None:
    """Return the route that has taken a directory; None if none has."""
    try:
        return _parse((directory / FILE_NAME).read_bytes())
    except OSError:
        return None


def _parse(content: bytes) -> Route | None:
    """Return the route; None for a file that is damaged, or that somebody is about to write."""
    try:
        return Route(**json.loads(content))
    except (ValueError, TypeError, RecursionError):
        return None


def _text(route: Route) -> str:
    return json.dumps(asdict(route), indent=1) + "\n"
