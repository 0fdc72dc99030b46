"""Gives up root's rights: a run belongs to the user whose state it writes."""

from __future__ import annotations

import os
from pathlib import Path

from neo4j_r2.core.errors import ConfigurationError


def become_owner(directory: Path) -> None:
    """As root, become the user and the group that own a directory, for good.

    A manual run by root would otherwise leave files that the scheduled runs cannot use. Any other
    user, and root if the directory is its own or does not exist yet, stays who it is.

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
            f"BACKUP_STATE_DIR={str(directory)!r} belongs to user {owner.st_uid}, whom this "
            "process may not become: it needs the capabilities SETUID and SETGID"
        ) from error
