"""Gives up root's rights, for ever or for a while, to use the state directory as its owner does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from neo4j_r2.core.errors import ConfigurationError

_PR_SET_DUMPABLE: Final = 4


def become_owner(directory: Path) -> None:
    """As root, become the user and the group that own a directory; there is no way back.

    Otherwise a manual run by root would leave files that the scheduled runs cannot use. Nothing
    changes for any other user, or if root owns the directory, or if there is no directory yet.

    :raises ConfigurationError: if root may not become that user.
    """
    if os.geteuid() != 0 or not directory.is_dir():
        return
    owner = directory.stat()
    if owner.st_uid == 0:
        return
    try:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except PermissionError as error:
        raise ConfigurationError(
            f"BACKUP_STATE_DIR={str(directory)!r} belongs to user {owner.st_uid}, and this "
            "process may not become that user: it needs the capabilities SETUID and SETGID"
        ) from error


@contextmanager
def as_owner(directory: Path) -> Iterator[None]:
    """As root, be the user and the group that own a directory while the context is open.

    Root in a container without capabilities may not read other users' files. Nothing changes for
    any other user, or if there is no directory.
    """
    if os.geteuid() != 0 or not directory.is_dir():
        yield
        return
    owner = directory.stat()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        # After a change of its user the kernel hides a process's files from all others. The jobs of
        # crond write their logs to this process's output.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
