"""`BACKUP_UPLOAD_LIMIT`: how fast parts go out to a real S3 server."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.upload import SMALLEST_PART_SIZE, Upload
from neo4j_r2.config.r2_settings import R2Settings
from neo4j_r2.core.errors import BucketError
from neo4j_r2.core.secret import Secret
from testbed.ports import LOOPBACK
from testbed.s3_server import S3Server
from tests.integration.relay import relay

RATE = 3_000_000
SIZE = 4 * SMALLEST_PART_SIZE
KEY = "neo4j-backup/large"
DATA = bytes(range(256)) * (SIZE // 256)


@pytest.fixture
def settings(s3: S3Server, bucket: str) -> R2Settings:
    access, secret = Secret(s3.access_key), Secret(s3.secret_key)
    return R2Settings(s3.endpoint_url, access, secret, bucket, "neo4j-backup", None, RATE)


def upload(settings: R2Settings, concurrency: int, told: list[float] | None = None) -> float:
    """Upload the data, and return how many seconds that took."""
    times = told if told is not None else []
    bucket = Bucket(settings, 60, lambda: times.append(time.monotonic()))
    with Upload(bucket, KEY, part_size=SMALLEST_PART_SIZE, concurrency=concurrency) as one:
        began = time.monotonic()
        one.write(DATA)
        one.complete()
        return time.monotonic() - began


@pytest.mark.parametrize("concurrency", [2, 4])
def test_all_parts_together_go_out_as_fast_as_the_limit_allows(
    settings: R2Settings, s3: S3Server, concurrency: int
) -> None:
    told: list[float] = []
    seconds = upload(settings, concurrency, told)
    assert 0.85 < seconds / (SIZE / RATE) < 1.6  # the server takes its time too
    assert s3.client().get_object(Bucket=settings.bucket, Key=KEY)["Body"].read() == DATA
    pauses = [after - before for before, after in itertools.pairwise(told)]
    assert max(pauses) < 3, "a slow part is progress for the stall watch"


def test_bytes_go_out_steadily_while_parts_are_under_way(
    settings: R2Settings, s3: S3Server
) -> None:
    with relay(s3.port) as (port, sent):
        limited = replace(settings, endpoint_url=f"http://{LOOPBACK}:{port}")
        thread = threading.Thread(target=upload, args=(limited, 2))
        thread.start()
        amounts = []
        while thread.is_alive():
            before = len(sent)
            thread.join(1)
            amounts.append(len(sent) - before)
    whole_seconds = amounts[1:-2]
    assert len(whole_seconds) >= 3
    assert all(0.6 * RATE < amount < 1.3 * RATE for amount in whole_seconds), amounts


def test_without_a_limit_nothing_waits(settings: R2Settings) -> None:
    assert upload(replace(settings, upload_limit=None), 2) < SIZE / RATE / 2


def test_an_upload_that_is_given_up_does_not_wait_for_its_turn(
    settings: R2Settings, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Bucket(replace(settings, upload_limit=32_000), 60, lambda: None)
    abandoned = threading.Event()
    upload_id = slow.uploads.create(KEY, {})
    threading.Timer(1, abandoned.set).start()
    began = time.monotonic()
    with pytest.raises(BucketError):
        slow.uploads.upload_part(KEY, upload_id, 1, DATA[:SMALLEST_PART_SIZE], abandoned)
    assert time.monotonic() - began < 10
    assert caplog.messages == []
