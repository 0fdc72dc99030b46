"""The directory for the state of one route: several services of one user do not share a state.

The first route takes the state directory itself, as the only service of a host does. Any other one
has a directory in it. So the lock, the state file and all other records are kept apart. A directory
of earlier versions, which several services could share, goes to one whose backups it knows.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from neo4j_r2.config.route import Route
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.state import State, StateFile
from neo4j_r2.run.state_directory import errors_explained, prepare, replace_file

FILE_NAME: Final = "route.json"
"""Says in each directory whose it is. A state directory of earlier versions has none."""
_PREFIX: Final = "route-"
_LARGEST: Final = 64 * 1024


def route_directory(root: Path, route: Route) -> Path:
    """Return the directory for a route; nothing is written.

    :param root: the configured state directory. If it can be this route's, it is returned.
    """
    owner = _owner(root)
    if route.may_be(owner) if owner else _may_take(root, route):
        return root
    return root / f"{_PREFIX}{hashlib.sha256(_text(route).encode()).hexdigest()[:12]}"


def take_route_directory(root: Path, route: Route) -> Path:
    """Return the directory for a route that is about to write there.

    A route that is not complete takes nothing: it could be any. If a file cannot be written, that
    is no error here: whoever uses the directory next will say what is wrong with it.
    """
    with suppress(ConfigurationError):
        if route.is_complete:
            if _may_take(root, route):
                _take(root, route)
            directory = route_directory(root, route)
            if directory != root and _owner(directory) is None:
                prepare(directory)
                replace_file(directory / FILE_NAME, _text(route))  # for people
    return route_directory(root, route)


def directories_without_backup(root: Path) -> Iterator[Path]:
    """Yield the directories of further routes that know no backup, as that of a mistyped bucket."""
    for directory in root.glob(f"{_PREFIX}*"):
        state = StateFile(directory).read()
        if state is None or not any(_last_prefixes(state)):
            yield directory


def _take(root: Path, route: Route) -> None:
    """Write whose the directory is, if it is nobody's; two services may try it at once."""
    prepare(root)
    with errors_explained(root):
        descriptor = os.open(root / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _parse(os.pread(descriptor, _LARGEST, 0)) is None:
                _forget_others(root, route)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, _text(route).encode(), 0)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _may_take(root: Path, route: Route) -> bool:
    """Whether a state directory that is nobody's may be the route's: it has no other's backups.

    A state of earlier versions says of whom it is only by the prefix of the last backups.
    """
    state = StateFile(root).read()
    prefixes = {prefix for _, prefix in _last_prefixes(state)} if state else set()
    return not prefixes or route.prefix in ("", *prefixes)


def _forget_others(root: Path, route: Route) -> None:
    """Expect no backups of databases that another service backed up while both shared a state."""
    file = StateFile(root)
    if state := file.read():
        others = {name for name, prefix in _last_prefixes(state) if prefix != route.prefix}
        own = tuple(name for name in state.expected if name not in others)
        if own != state.expected:
            file.write(replace(state, expected=own))


def _last_prefixes(state: State) -> Iterator[tuple[str, str]]:
    """Yield the databases that have a last backup, each with the prefix of it."""
    for name, known in state.databases.items():
        if known.last_backup:
            yield name, known.last_backup.archive_key.rpartition("/")[0]


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
