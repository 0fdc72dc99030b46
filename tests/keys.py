"""Pairs of keys, as age-keygen makes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyrage.x25519 import Identity

from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.core.secret import Secret


@dataclass(frozen=True)
class KeyPair:
    """A public key to encrypt to, and the private key that decrypts."""

    public: str
    private: str

    @staticmethod
    def new() -> KeyPair:
        """Return a new pair."""
        identity = Identity.generate()
        return KeyPair(str(identity.to_public()), str(identity))

    @property
    def file(self) -> str:
        """The content of a file that age-keygen writes."""
        created = "# created: 2025-10-08T02:00:00+02:00\n"
        return f"{created}# public key: {self.public}\n{self.private}\n"

    @property
    def keys(self) -> PrivateKeys:
        """The private key, ready to decrypt with."""
        return PrivateKeys([Secret(self.private)])

    def write(self, directory: Path) -> Path:
        """Write the file, and return its path."""
        path = directory / f"key-{self.public[-8:]}.txt"
        path.write_text(self.file, encoding="ascii")
        return path
