"""A self-signed certificate for localhost, for test servers with TLS."""

import shutil
import subprocess
from pathlib import Path

PRIVATE_KEY = "private.key"
PUBLIC_CERTIFICATE = "public.crt"


def make_certificate(directory: Path) -> None:
    """Write PRIVATE_KEY and PUBLIC_CERTIFICATE into `directory`, unless they are there.

    Raises RuntimeError when the openssl command is missing or fails.
    """
    if (directory / PUBLIC_CERTIFICATE).exists():
        return
    openssl = shutil.which("openssl")
    if openssl is None:
        raise RuntimeError("openssl is not on PATH: it makes the test servers' certificate")
    directory.mkdir(parents=True, exist_ok=True)
    key, certificate = directory / PRIVATE_KEY, directory / PUBLIC_CERTIFICATE
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    finished = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise RuntimeError(f"openssl could not make a certificate: {finished.stderr.strip()}")
