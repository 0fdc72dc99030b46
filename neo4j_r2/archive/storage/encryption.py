"""Encryption to age public keys, and decryption; the only module that knows age's library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from io import BufferedIOBase
from typing import Final

import pyrage
from pyrage.x25519 import Identity, Recipient

from neo4j_r2.archive.storage.transform import transformed
from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.core.secret import Secret

HEADER_BYTES: Final = 1024 * 1024
"""By which an age file's header has ended; that of 2,000 recipients, all that a variable can hold,
has 200,000."""
_MAGIC: Final = b"age-encryption.org/v1\n"
_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_HEADER: Final = re.compile(
    rb"age-encryption\.org/v1\n"
    rb"(?:-> [!-~]+(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+"
    rb"--- [A-Za-z0-9+/]{43}\n"
)
_PRIVATE_PREFIX: Final = "AGE-"
_NO_KEY_FITS: Final = "No matching keys found"
"""What the library says if a file is encrypted to other keys than those given."""


def is_encrypted(start: bytes) -> bool:
    """Whether a file that starts so is one of age's, as bytes or as text."""
    return start.startswith((_MAGIC, _ARMOR))


def has_header(start: bytes) -> bool:
    """Whether a file that starts so has a header as age writes it; nobody can tell if it is true.

    :param start: the first `HEADER_BYTES`, or all there are.
    """
    return _HEADER.match(start) is not None


def is_recipient(text: str) -> bool:
    """Whether a text is a public key, as age-keygen prints it; others' and plugins' are not."""
    try:
        Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def looks_private(text: str) -> bool:
    """Whether a text could be one of age's private keys, perhaps mistyped."""
    return text.upper().startswith(_PRIVATE_PREFIX)


class Recipients:
    """The public keys that something is encrypted to; each of their private keys opens it."""

    def __init__(self, keys: Sequence[str]) -> None:
        """:param keys: of which each `is_recipient`."""
        self._keys = [Recipient.from_str(key) for key in keys]

    def encrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks as the pieces of one age file."""
        return transformed(partial(_encrypt, keys=self._keys), chunks)

    def encrypt_text(self, data: bytes) -> str:
        """Return a small age file as text: ASCII, in lines."""
        return pyrage.encrypt(data, self._keys, armored=True).decode("ascii")


class PrivateKeys:
    """The private keys of which one may open what is encrypted; age calls them identities."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        """:raises ValueError: if one is no private key of age's; it is not shown."""
        self.secrets = tuple(keys)
        try:
            self._keys = [Identity.from_str(key.reveal()) for key in keys]
        except pyrage.IdentityError as error:
            raise ValueError("not a private key of age's") from error

    def decrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what one age file holds, each piece after it was found authentic.

        :raises NoKeyError: if none of the keys opens it.
        :raises CorruptError: if it is damaged or cut off.
        """
        return transformed(partial(_decrypt, keys=self._keys), chunks)

    def decrypt_text(self, text: str) -> bytes:
        """Return what a small age file as text holds; see `decrypt`."""
        return b"".join(self.decrypt([text.encode("ascii")]))


def _encrypt(reader: BufferedIOBase, writer: BufferedIOBase, keys: Sequence[Recipient]) -> None:
    pyrage.encrypt_io(reader, writer, keys)


def _decrypt(reader: BufferedIOBase, writer: BufferedIOBase, keys: Sequence[Identity]) -> None:
    try:
        pyrage.decrypt_io(reader, writer, keys)
    except (pyrage.DecryptError, OSError) as error:
        if str(error) == _NO_KEY_FITS:
            raise NoKeyError("none of the given private keys opens it") from error
        raise CorruptError(f"it is damaged or cut off (age: {error})") from error
