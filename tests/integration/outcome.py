"""Checks of what a run left behind: a whole backup, or nothing and one line that says why."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import boto3

from testbed.fault_proxy import FaultProxy
from tests.service import Backup, Run, Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def unfinished_uploads(service: Service, proxy: FaultProxy) -> list[str]:
    """Return the keys of the bucket's unfinished uploads, as R2 would list them.

    R2 destroys some by itself, but the S3 server still lists those. So the proxy is asked.
    """
    proxy.clear()
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=proxy.endpoint_url,
        aws_access_key_id=service.s3.access_key,
        aws_secret_access_key=service.s3.secret_key,
        region_name="auto",
        verify=str(proxy.ca_certificate) if proxy.ca_certificate else None,
    )
    listing = client.list_multipart_uploads(Bucket=service.bucket)
    return [upload["Key"] for upload in listing.get("Uploads", [])]


def assert_whole(backup: Backup) -> None:
    """Check that the archive in the bucket is byte for byte the one that its manifest describes."""
    assert len(backup.archive) == backup.manifest["archive_size"]
    assert hashlib.sha256(backup.archive).hexdigest() == backup.manifest["archive_sha256"]


def assert_told(service: Service, run: Run, exit_code: int, phrase: str) -> None:
    """Check the exit code and the one error, which has `phrase`; the log has no traceback."""
    assert run.exit_code == exit_code, run.log
    errors = re.findall(r"^\[(?:ERROR|CRITICAL)\] (.*)", run.log, re.MULTILINE)
    assert len(errors) == 1, run.log
    assert phrase in errors[0]
    assert "Traceback" not in run.log, run.log
    assert_secretless(service, run.log)


def assert_secretless(service: Service, text: str) -> None:
    """Check that none of the service's secrets is in `text`."""
    logins = ("NEO4J_PASSWORD", "RESTORE_NEO4J_PASSWORD")
    for name in (*logins, "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"):
        secret = service.variables.get(name)
        assert not secret or secret not in text, name


def assert_nothing_left(service: Service, proxy: FaultProxy) -> None:
    """Check that the bucket holds no object and no unfinished upload."""
    assert service.keys() == []
    assert unfinished_uploads(service, proxy) == []
