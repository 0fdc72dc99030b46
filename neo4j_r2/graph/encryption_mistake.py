"""Finds out by asking the server whether an address has the wrong kind of encryption.

The driver reports such an address as a server that is not available.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_SECONDS: Final = 2.0
_DEFAULT_PORT: Final = 7687
_HANDSHAKE: Final = bytes.fromhex("6060b017 00000005 00000004 00000003 00000000")
"""Bolt's first message: its magic number, and four versions to choose from."""
_CHOICE_BYTES: Final = 4
_TRUSTED: Final = "s"
_ANY_CERTIFICATE: Final = "ssc"
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_OTHER_NAME: Final = 62
_OTHER_IP_ADDRESS: Final = 64
"""OpenSSL's codes, as in x509_vfy.h."""
_TRUST: Final = (
    "let SSL_CERT_FILE name a file with the certificate of the server or of its authority"
)
_RENEW: Final = "give the server a certificate that is valid today"
_RENAME: Final = "reach the server by a name that is in its certificate"
_REMEDIES: Final = {
    _NOT_YET_VALID: _RENEW,
    _EXPIRED: _RENEW,
    _OTHER_NAME: _RENAME,
    _OTHER_IP_ADDRESS: _RENAME,
}


@dataclass(frozen=True)
class EncryptionMistake:
    """Why a server refuses an address, and the address that it accepts."""

    reason: str
    uri: str
    remedy: str = ""
    """What makes the certificate a trusted one; empty if it is one, or is not needed."""


def find_encryption_mistake(uri: str) -> EncryptionMistake | None:
    """Return what is wrong with the encryption that an address asks for.

    :return: None if nothing is, or if the server does not answer.
    """
    parts = urlsplit(uri)
    base, _, asked = parts.scheme.partition("+")
    address = (parts.hostname or "", parts.port or _DEFAULT_PORT)
    if not asked:
        if _speaks_bolt(address, None) or not _speaks_bolt(address, _trusting_anyone()):
            return None
        problem = _certificate_problem(address)
        works = f"{base}+{_ANY_CERTIFICATE if problem else _TRUSTED}"
        return _mistake("the server accepts only encrypted connections", uri, works, problem)
    if _speaks_bolt(address, _trusting_anyone()):
        if asked == _TRUSTED and (problem := _certificate_problem(address)):
            reason = f"the server's certificate is not trusted here: {problem.verify_message}"
            return _mistake(reason, uri, f"{base}+{_ANY_CERTIFICATE}", problem)
        return None
    if _speaks_bolt(address, None):
        return _mistake("the server does not encrypt connections", uri, base)
    return None


def _mistake(
    reason: str, uri: str, scheme: str, problem: ssl.SSLCertVerificationError | None = None
) -> EncryptionMistake:
    remedy = _REMEDIES.get(problem.verify_code, _TRUST) if problem else ""
    return EncryptionMistake(reason, f"{scheme}://{uri.partition('://')[2]}", remedy)


def _trusting_anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _certificate_problem(address: tuple[str, int]) -> ssl.SSLCertVerificationError | None:
    """Return why the server's certificate is not trusted; None if it is."""
    try:
        with _connection(address, ssl.create_default_context()):
            return None
    except ssl.SSLCertVerificationError as error:
        return error
    except OSError:
        return None


def _speaks_bolt(address: tuple[str, int], context: ssl.SSLContext | None) -> bool:
    """Whether the server chooses one of Bolt's versions.

    :param context: of TLS; None means without encryption.
    """
    try:
        with _connection(address, context) as connection:
            connection.sendall(_HANDSHAKE)
            return len(connection.recv(_CHOICE_BYTES)) == _CHOICE_BYTES
    except OSError:
        return False


@contextmanager
def _connection(
    address: tuple[str, int], context: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    with socket.create_connection(address, _SECONDS) as connection:
        if context is None:
            yield connection
            return
        with context.wrap_socket(connection, server_hostname=address[0]) as encrypted:
            yield encrypted
