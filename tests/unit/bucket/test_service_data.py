"""What the S3 client learns of S3 from the files of its library, and how it reads times."""

from __future__ import annotations

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.utils import parse_timestamp

from neo4j_r2.bucket.service_data import read_time, s3_loader


@pytest.mark.parametrize(
    "name",
    ["endpoints", "partitions", "sdk-default-configuration", "s3/2006-03-01/paginators-1"],
)
def test_a_file_is_read_as_the_library_reads_it(name: str) -> None:
    assert s3_loader().load_data(name) == Loader().load_data(name)


@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_the_description_of_s3_is_the_one_of_the_library(kind: str) -> None:
    assert s3_loader().load_service_model("s3", kind) == Loader().load_service_model("s3", kind)


def test_other_services_are_not_known() -> None:
    with pytest.raises(UnknownServiceError):
        s3_loader().load_service_model("sqs", "service-2")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T21:31:37.123Z",
        "2026-11-28T21:31:37Z",
        "2026-11-28T21:31:37.123456789Z",
        "2026-11-28T22:31:37+01:00",
        "Sat, 28 Nov 2026 21:31:37 GMT",
        "Tue, 24 Nov 2026 21:31:37 GMT",
        "20261128",
        "1795901497.5",
    ],
)
def test_a_time_is_read_as_the_library_reads_it(text: str) -> None:
    assert read_time(text) == parse_timestamp(text)


@pytest.mark.parametrize("text", ["", "T", "yesterday"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        read_time(text)
