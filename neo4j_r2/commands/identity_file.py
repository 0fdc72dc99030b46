"""Reads the private keys for encrypted backups, from a file in the format of age-keygen."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Final

from neo4j_r2.archive.storage.encryption import PrivateKeys, is_encrypted, is_recipient
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.secret import Secret

STANDARD_INPUT: Final = "-"
OPTION: Final = "--identity"
VARIABLE: Final = "DRILL_IDENTITY_FILE"
_LARGEST: Final = 1024 * 1024
"""Bytes; a file of many keys has a few KB."""


def read_drill_keys(path: Path) -> PrivateKeys:
    """Return all keys in the file for drills.

    :raises ConfigurationError: if it is no regular file, or as `read_private_keys` does.
    """
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise ConfigurationError(f"{VARIABLE}: {path} cannot be read: {error.strerror}") from error
    if not is_regular:  # such as a pipe, which the next drill could not read again
        raise ConfigurationError(f"{VARIABLE}: {path} is no regular file")
    return read_private_keys(str(path), VARIABLE)


def read_private_keys(name: str, named_by: str = OPTION) -> PrivateKeys:
    """Return all keys in a file; `-` is standard input, so that no key has to be on a disk.

    :param named_by: the option or the variable that names the file, for messages.
    :raises ConfigurationError: if the file cannot be read, or holds anything but keys and comments.
        The message shows no line of the file.
    """
    place = "standard input" if name == STANDARD_INPUT else name
    keys = []
    for number, line in enumerate(_text(name, place, named_by).splitlines(), 1):
        key = line.strip()
        if key and not key.startswith("#"):
            keys.append(_private_key(key, f"{named_by}: line {number} of {place}"))
    if not keys:
        raise ConfigurationError(f"{named_by}: there is no private key in {place}")
    return PrivateKeys(keys)


def _text(name: str, place: str, named_by: str) -> str:
    try:
        if name == STANDARD_INPUT and named_by == OPTION:
            data = sys.stdin.buffer.read(_LARGEST)
        else:
            with Path(name).open("rb") as file:
                data = file.read(_LARGEST)
    except OSError as error:
        raise ConfigurationError(f"{named_by}: {place} cannot be read: {error.strerror}") from error
    if is_encrypted(data):
        raise ConfigurationError(
            f"{named_by}: {place} is itself encrypted: decrypt it with age -d, and give the result"
        )
    return data.decode("ascii", "replace")


def _private_key(text: str, where: str) -> Secret:
    if is_recipient(text):
        raise ConfigurationError(f"{where} is a public key: its private key is needed")
    key = Secret(text)
    try:
        PrivateKeys([key])
    except ValueError as error:
        raise ConfigurationError(
            f"{where} is no private key as age-keygen prints it (AGE-SECRET-KEY-1...)"
        ) from error
    return key
