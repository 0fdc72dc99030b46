"""Makes the S3 clients, with the settings that R2 needs.

R2 wants path-style addresses, the region `auto`, and no checksum trailers. A client makes each call
only once. Its own retries would end within a second, and they do not know Cloudflare's errors, so
`retry` tries again instead.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
from botocore.config import Config as ClientConfig

from neo4j_r2.bucket.service_data import read_time, s3_loader
from neo4j_r2.bucket.upload_limit import tell_when_sending
from neo4j_r2.config.r2_settings import R2Settings
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.threads import begin

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUICK_SECONDS: Final = 10
"""The limit for connecting. Where somebody waits, also the limit for a reply and for retrying."""
REQUEST_SECONDS: Final = 60
"""The limit for a reply where nobody waits."""
_CONNECTIONS: Final = 64
"""How many are kept for further calls. `diff` reads two chains of 32 archives side by side."""
# Settings of the AWS tools on the same machine are not this service's.
_NO_FOREIGN_SETTINGS: Final = dict.fromkeys(
    ("profile", "config_file", "credentials_file", "ca_bundle"), (None, None, None, None)
)


class Clients:
    """Two S3 clients that differ in how long they wait for a reply; any thread may use them.

    They are made in the background, because that takes about as long as a login to Neo4j.
    """

    def __init__(self, settings: R2Settings) -> None:
        self._made = begin(partial(_make, settings))

    @property
    def patient(self) -> S3Client:
        """The client for most calls.

        :raises ConfigurationError: if the endpoint is no address.
        """
        return self._made.result()[0]

    @property
    def quick(self) -> S3Client:
        """The client for calls that somebody waits for.

        :raises ConfigurationError: if the endpoint is no address.
        """
        return self._made.result()[1]


def _make(settings: R2Settings) -> tuple[S3Client, S3Client]:
    core = botocore.session.Session(session_vars=_NO_FOREIGN_SETTINGS)
    core.register_component("data_loader", s3_loader())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_time)
    session = boto3.Session(
        aws_access_key_id=settings.access_key_id.reveal(),
        aws_secret_access_key=settings.secret_access_key.reveal(),
        botocore_session=core,
    )
    try:
        return (
            _client(session, settings, REQUEST_SECONDS),
            _client(session, settings, QUICK_SECONDS),
        )
    except ValueError as error:
        raise ConfigurationError(f"R2_ENDPOINT_URL: {error}") from error


def _client(session: boto3.Session, settings: R2Settings, reply_seconds: int) -> S3Client:
    is_encrypted = settings.endpoint_url.startswith("https:")
    client = session.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        verify=str(settings.ca_bundle) if settings.ca_bundle else None,
        region_name="auto",
        config=ClientConfig(
            signature_version="s3v4",
            # TLS protects what is sent; without it, the signature has to cover the bytes as well.
            s3={"addressing_style": "path", "payload_signing_enabled": not is_encrypted},
            connect_timeout=QUICK_SECONDS,
            read_timeout=reply_seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=_CONNECTIONS,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    tell_when_sending(client)
    return client
