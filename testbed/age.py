"""The real age command, which shares no code with this service."""

import shutil
import subprocess
from pathlib import Path


class AgeError(RuntimeError):
    """age ended with a status other than 0; the message is its standard error."""


def unavailable() -> str | None:
    """Say in one line why age cannot be run here; None if it can."""
    if shutil.which("age") is None or shutil.which("age-keygen") is None:
        return "there is no age command on PATH (Debian's package age)"
    return None


def new_identity(path: Path) -> str:
    """Make a pair of keys: write the private key to the file, and return the public one."""
    _run(["age-keygen", "-o", str(path)], b"")
    return _run(["age-keygen", "-y", str(path)], b"").decode("ascii").strip()


def decrypt(data: bytes, identity: Path) -> bytes:
    """Decrypt a file's bytes with the private keys in the identity file."""
    return _run(["age", "--decrypt", "--identity", str(identity)], data)


def encrypt(data: bytes, *recipients: str, armored: bool = False) -> bytes:
    """Encrypt bytes to public keys."""
    options = [option for recipient in recipients for option in ("--recipient", recipient)]
    return _run(["age", *options, *(["--armor"] if armored else [])], data)


def _run(command: list[str], data: bytes) -> bytes:
    finished = subprocess.run(command, input=data, capture_output=True, check=False)
    if finished.returncode != 0:
        reason = finished.stderr.decode(errors="replace").strip()
        raise AgeError(f"{command[0]} ended with status {finished.returncode}: {reason}")
    return finished.stdout
