"""Encryption to age public keys, and decryption. Only this module uses age's library."""

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
"""The header of an age file is always shorter. With 2,000 recipients it has 200,000 bytes, and a
variable cannot hold more of them."""
_MAGIC: Final = b"age-encryption.org/v1\n"
_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_HEADER: Final = re.compile(
    rb"age-encryption\.org/v1\n"
    rb"(?:-> [!-~]+(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+"
    rb"--- [A-Za-z0-9+/]{43}\n"
)
_PRIVATE_PREFIX: Final = "AGE-"
_NO_KEY_FITS: Final = "No matching keys found"
"""What the library says if none of the given keys opens a file."""
_OPENS_NOT: Final = (
    "none of the given private keys opens it; it takes that of one of BACKUP_ENCRYPTION_RECIPIENTS "
    "as it was then (`age-keygen -y FILE` prints the public keys of an identity)"
)


def is_encrypted(start: bytes) -> bool:
    """Whether a file with this start is an age file, binary or armored."""
    return start.startswith((_MAGIC, _ARMOR))


def has_header(start: bytes) -> bool:
    """Whether a file has a header of the form that age writes.

    Only a private key can tell whether the header is genuine.

    :param start: the file's first `HEADER_BYTES`, or all of it.
    """
    return _HEADER.match(start) is not None


def is_recipient(text: str) -> bool:
    """Whether a text is a public key as age-keygen prints it. Keys of SSH or plugins are not."""
    try:
        Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def looks_private(text: str) -> bool:
    """Whether a text looks like a private key of age, perhaps mistyped."""
    return text.upper().startswith(_PRIVATE_PREFIX)


class Recipients:
    """Public keys to encrypt to. The private key of any one of them opens what is encrypted."""

    def __init__(self, keys: Sequence[str]) -> None:
        """:param keys: public keys; `is_recipient` must be true for each."""
        self._keys = [Recipient.from_str(key) for key in keys]

    def encrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of one age file that holds the chunks."""
        return transformed(partial(_encrypt, keys=self._keys), chunks)

    def encrypt_text(self, data: bytes) -> str:
        """Return an armored age file: lines of ASCII. For small data only."""
        return pyrage.encrypt(data, self._keys, armored=True).decode("ascii")


class PrivateKeys:
    """Private keys to decrypt with: one that fits is enough. age calls them identities."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        """:raises ValueError: if one is no private key of age. The message does not show it."""
        self.secrets = tuple(keys)
        try:
            self._keys = [Identity.from_str(key.reveal()) for key in keys]
        except pyrage.IdentityError as error:
            raise ValueError("not a private key of age's") from error

    @property
    def public_keys(self) -> tuple[str, ...]:
        """The public key of each of them, to encrypt to."""
        return tuple(dict.fromkeys(str(key.to_public()) for key in self._keys))

    def decrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what one age file holds. Each piece is authenticated before it is yielded.

        :raises NoKeyError: if none of the keys opens it.
        :raises CorruptError: if it is damaged or cut off.
        """
        return transformed(partial(_decrypt, keys=self._keys), chunks)

    def decrypt_text(self, text: str) -> bytes:
        """Return what an armored age file holds; see `decrypt`."""
        return b"".join(self.decrypt([text.encode("ascii")]))


def _encrypt(reader: BufferedIOBase, writer: BufferedIOBase, keys: Sequence[Recipient]) -> None:
    pyrage.encrypt_io(reader, writer, keys)


def _decrypt(reader: BufferedIOBase, writer: BufferedIOBase, keys: Sequence[Identity]) -> None:
    try:
        pyrage.decrypt_io(reader, writer, keys)
    except (pyrage.DecryptError, OSError) as error:
        if str(error) == _NO_KEY_FITS:
            raise NoKeyError(_OPENS_NOT) from error
        raise CorruptError(f"it is damaged or cut off (age: {error})") from error
