"""The fault proxy applies R2's rules in front of a real S3 server, and breaks calls on demand."""

import hashlib
import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from testbed.fault_proxy import (
    Action,
    CorruptRequest,
    Cut,
    Delay,
    Fault,
    FaultProxy,
    FlipByte,
    Hold,
    Reset,
    ResetAfter,
    Status,
)
from testbed.r2_rules import MEBIBYTE, R2Limits
from testbed.s3_server import S3Server

FULL = b"a" * (5 * MEBIBYTE)
REST = b"z" * 1000
FOR_R2 = Config(
    region_name="auto",
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"total_max_attempts": 1},
    read_timeout=10,
)


@pytest.fixture(scope="module", params=[False, True], ids=["http", "tls"])
def either_proxy(request: pytest.FixtureRequest, s3: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(s3.endpoint_url, tls=request.param) as proxy:
        yield proxy


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: FaultProxy, s3: S3Server) -> Any:
    return client_of(proxy, s3, FOR_R2)


def client_of(proxy: FaultProxy, s3: S3Server, config: Config) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=proxy.endpoint_url,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        verify=str(proxy.ca_certificate) if proxy.ca_certificate else None,
        config=config,
    )


class Upload:
    """A multipart upload of the key `archive` that is driven by hand."""

    def __init__(self, client: Any, bucket: str, *parts: bytes) -> None:
        """Create it and upload the parts."""
        self.client = client
        self.target = {"Bucket": bucket, "Key": "archive"}
        self.target["UploadId"] = client.create_multipart_upload(**self.target)["UploadId"]
        self.parts = [self.put(number, body) for number, body in enumerate(parts, start=1)]

    def put(self, number: int, body: bytes) -> dict[str, Any]:
        """Upload a part and return its entry for Complete."""
        reply = self.client.upload_part(**self.target, PartNumber=number, Body=body)
        return {"PartNumber": number, "ETag": reply["ETag"]}

    def complete(self, **condition: str) -> None:
        """Complete it from the parts so far."""
        self.client.complete_multipart_upload(
            **self.target, MultipartUpload={"Parts": self.parts}, **condition
        )


def refused(call: Any, *arguments: Any, **keywords: Any) -> tuple[int, str]:
    """Return the status and the code of the error reply that the call has to end in."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **keywords)
    reply: Any = caught.value.response
    return reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"]


def keys(client: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_multipart_upload_round_trips(
    either_proxy: FaultProxy, s3: S3Server, bucket: str
) -> None:
    client = client_of(either_proxy, s3, FOR_R2)

    Upload(client, bucket, FULL, FULL, REST).complete()

    stored = client.get_object(Bucket=bucket, Key="archive")["Body"].read()
    assert hashlib.sha256(stored).digest() == hashlib.sha256(FULL + FULL + REST).digest()
    assert client.head_object(Bucket=bucket, Key="archive")["ContentLength"] == len(stored)
    assert keys(client, bucket) == ["archive"]


def test_awkward_keys_metadata_ranges_and_encodings_pass_untouched(
    client: Any, bucket: str
) -> None:
    target = {"Bucket": bucket, "Key": "a b/ü+%2F&=~(1).cypher.gz"}

    client.put_object(
        **target, Body=b"not really gzip", ContentEncoding="gzip", Metadata={"sha": "12"}
    )

    reply = client.get_object(**target, Range="bytes=4-9")
    assert (reply["Body"].read(), reply["ContentEncoding"]) == (b"really", "gzip")
    assert reply["Metadata"] == {"sha": "12"}


def test_the_proxy_answers_bad_gateway_if_the_server_is_down(s3: S3Server, bucket: str) -> None:
    with FaultProxy("http://127.0.0.1:1") as proxy:
        client = client_of(proxy, s3, FOR_R2)

        assert refused(client.list_objects_v2, Bucket=bucket) == (502, "502")
        assert proxy.requests[0].status == 502


def test_a_client_that_leaves_in_the_middle_does_no_harm(
    proxy: FaultProxy, client: Any, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=FULL * 4)
    address = urlsplit(proxy.endpoint_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")

    body = client.get_object(Bucket=bucket, Key="k")["Body"]
    body.read(1)
    body.close()

    assert keys(client, bucket) == ["k"]
    assert caplog.text == ""


def test_the_server_still_verifies_signatures(proxy: FaultProxy, s3: S3Server, bucket: str) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=proxy.endpoint_url,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key="wrong",
        config=FOR_R2,
    )

    assert refused(stranger.list_objects_v2, Bucket=bucket) == (403, "SignatureDoesNotMatch")


def test_every_call_is_recorded_with_its_operation_key_part_length_and_status(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    upload = Upload(client, bucket, FULL, REST)
    client.list_parts(**upload.target)
    client.list_multipart_uploads(Bucket=bucket)
    client.abort_multipart_upload(**upload.target)
    client.put_object(Bucket=bucket, Key="k", Body=b"four")
    client.list_objects_v2(Bucket=bucket)
    client.head_object(Bucket=bucket, Key="k")
    client.get_object(Bucket=bucket, Key="k")["Body"].read()
    client.delete_object(Bucket=bucket, Key="k")
    client.head_bucket(Bucket=bucket)

    recorded = [(r.operation, r.key, r.part, r.length, r.status) for r in proxy.requests]
    assert recorded == [
        ("CreateMultipartUpload", "archive", None, 0, 200),
        ("UploadPart", "archive", 1, len(FULL), 200),
        ("UploadPart", "archive", 2, len(REST), 200),
        ("ListParts", "archive", None, 0, 200),
        ("ListMultipartUploads", "", None, 0, 200),
        ("AbortMultipartUpload", "archive", None, 0, 204),
        ("PutObject", "k", None, 4, 200),
        ("ListObjectsV2", "", None, 0, 200),
        ("HeadObject", "k", None, 0, 200),
        ("GetObject", "k", None, 0, 200),
        ("DeleteObject", "k", None, 0, 204),
        ("HeadBucket", "", None, 0, 200),
    ]
    assert proxy.count("UploadPart") == 2


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([FULL + b"a", FULL, REST], "InvalidPart"),
        ([FULL, FULL, FULL + b"a"], "InvalidPart"),
        ([REST, REST, REST], "EntityTooSmall"),
    ],
    ids=["uneven", "longer last part", "below 5 MiB"],
)
def test_parts_of_sizes_that_r2_does_not_join_are_refused_at_complete(
    proxy: FaultProxy, client: Any, bucket: str, parts: list[bytes], code: str
) -> None:
    upload = Upload(client, bucket, *parts)

    assert refused(upload.complete) == (400, code)
    assert proxy.requests[-1].upstream_status is None
    assert keys(client, bucket) == []


def test_a_list_of_parts_out_of_order_or_with_a_wrong_etag_is_refused(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    upload = Upload(client, bucket, FULL, REST)

    upload.parts.reverse()
    assert refused(upload.complete) == (400, "InvalidPartOrder")
    upload.parts = [{"PartNumber": 1, "ETag": '"0"'}]
    assert refused(upload.complete) == (400, "InvalidPart")
    assert proxy.requests[-1].upstream_status is None


def test_more_parts_than_the_limit_are_refused(proxy: FaultProxy, client: Any, bucket: str) -> None:
    proxy.limits = R2Limits(maximum_parts=1)
    upload = Upload(client, bucket, FULL)

    assert refused(upload.put, 2, REST) == (400, "InvalidArgument")


def test_an_upload_is_gone_once_it_has_ended(client: Any, bucket: str) -> None:
    completed, aborted = Upload(client, bucket, REST), Upload(client, bucket, REST)
    completed.complete()
    client.abort_multipart_upload(**aborted.target)

    assert refused(completed.complete) == (404, "NoSuchUpload")
    assert refused(aborted.put, 2, REST) == (404, "NoSuchUpload")


def test_a_failed_conditional_complete_destroys_the_upload(client: Any, bucket: str) -> None:
    upload, other = Upload(client, bucket, REST), Upload(client, bucket, REST)
    client.put_object(Bucket=bucket, Key="archive", Body=b"first")

    assert refused(upload.complete, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(upload.complete) == (404, "NoSuchUpload")
    listed = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [entry["UploadId"] for entry in listed] == [other.target["UploadId"]]


def test_the_checksums_that_boto3_adds_by_default_are_refused(
    either_proxy: FaultProxy, s3: S3Server, bucket: str
) -> None:
    default = client_of(either_proxy, s3, Config(s3={"addressing_style": "path"}))

    answer = refused(default.put_object, Bucket=bucket, Key="k", Body=b"body")

    assert answer == (501, "NotImplemented")


@pytest.mark.parametrize(
    "feature",
    [
        {"Tagging": "a=b"},
        {"ACL": "private"},
        {"ServerSideEncryption": "AES256"},
        {"ObjectLockLegalHoldStatus": "ON", "ContentMD5": "hBotaJrYa9FhFEdFPCLxdA=="},
    ],
    ids=["tagging", "acl", "encryption", "object lock"],
)
def test_features_that_r2_lacks_are_not_implemented(
    client: Any, bucket: str, feature: dict[str, str]
) -> None:
    answer = refused(client.put_object, Bucket=bucket, Key="k", Body=b"body", **feature)

    assert answer == (501, "NotImplemented")


def test_subresources_that_r2_lacks_are_not_implemented(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_versioning, Bucket=bucket) == (501, "NotImplemented")


def test_overlong_keys_and_metadata_are_refused(client: Any, bucket: str) -> None:
    def put(key: str, length: int) -> tuple[int, str]:
        metadata = {"a": "b" * length}
        return refused(client.put_object, Bucket=bucket, Key=key, Body=b"", Metadata=metadata)

    assert put("ü" * 513, 1) == (400, "KeyTooLongError")
    assert put("k", 8192) == (400, "MetadataTooLarge")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ([b"x"], {}, 411),
        (b"x", {"x-amz-meta-name": "caf\u00e9"}, 400),
        (b"x", {"Content-Encoding": "aws-chunked"}, 501),
    ],
    ids=["a body of unknown length", "metadata beyond ASCII", "aws-chunked without a trailer"],
)
def test_requests_that_boto3_cannot_make_are_refused_too(
    proxy: FaultProxy, bucket: str, body: Any, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(proxy.endpoint_url).netloc, timeout=10)

    connection.request("PUT", f"/{bucket}/k", body, headers)

    assert connection.getresponse().status == status
    connection.close()


def test_a_bucket_lock_refuses_deletes_and_overwrites_but_not_new_keys(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    proxy.limits = R2Limits(locked_prefix="arch")
    locked = (403, "ObjectLockedByBucketPolicy")
    client.put_object(Bucket=bucket, Key="archive", Body=b"kept")
    client.put_object(Bucket=bucket, Key="elsewhere", Body=b"")

    assert refused(client.put_object, Bucket=bucket, Key="archive", Body=b"new") == locked
    assert refused(Upload(client, bucket, REST).complete) == locked
    assert refused(client.delete_object, Bucket=bucket, Key="archive") == locked
    client.delete_object(Bucket=bucket, Key="elsewhere")
    assert client.get_object(Bucket=bucket, Key="archive")["Body"].read() == b"kept"


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (Status(503, "SlowDown"), (503, "SlowDown")),
        (Status(400, "IncompleteBody"), (400, "IncompleteBody")),
        (Status(401, "Unauthorized"), (401, "Unauthorized")),
        (Status(429, "TooManyRequests"), (429, "TooManyRequests")),
    ],
    ids=str,
)
def test_a_status_answers_without_asking_the_server(
    proxy: FaultProxy, client: Any, bucket: str, action: Action, answer: tuple[int, str]
) -> None:
    proxy.inject(Fault("PutObject", action))

    assert refused(client.put_object, Bucket=bucket, Key="k", Body=b"body") == answer
    assert keys(client, bucket) == []
    assert proxy.requests[0].status == answer[0]
    assert proxy.requests[0].upstream_status is None
    assert proxy.requests[0].faults == (action,)


def test_a_status_without_a_code_answers_html_as_cloudflares_edge_does(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    proxy.inject(Fault("PutObject", Status(520)))

    answer = refused(client.put_object, Bucket=bucket, Key="k", Body=b"body")

    assert answer == (520, "520")


def test_a_reset_keeps_the_call_from_the_server(
    either_proxy: FaultProxy, s3: S3Server, bucket: str
) -> None:
    client = client_of(either_proxy, s3, FOR_R2)
    either_proxy.inject(Fault("PutObject", Reset()))

    with pytest.raises(ConnectionClosedError):
        client.put_object(Bucket=bucket, Key="k", Body=b"body")

    assert keys(client, bucket) == []
    assert either_proxy.requests[-2].status is None


def test_a_reset_is_not_an_orderly_close(proxy: FaultProxy, client: Any, bucket: str) -> None:
    # Not over TLS, where Python reports either as the end of the stream.
    proxy.inject(Fault("PutObject", Reset()))

    with pytest.raises(ConnectionClosedError) as caught:
        client.put_object(Bucket=bucket, Key="k", Body=b"body")

    assert "Connection reset by peer" in str(caught.value.__context__)


def test_a_reset_after_loses_the_reply_but_not_the_act(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    upload = Upload(client, bucket, REST)
    proxy.inject(Fault("CompleteMultipartUpload", ResetAfter()))

    with pytest.raises(ConnectionClosedError):
        upload.complete()

    assert keys(client, bucket) == ["archive"]
    assert (proxy.requests[-2].status, proxy.requests[-2].upstream_status) == (None, 200)


def test_a_delay_postpones_the_call(proxy: FaultProxy, client: Any, bucket: str) -> None:
    proxy.inject(Fault("PutObject", Delay(0.3)))
    began = time.monotonic()

    client.put_object(Bucket=bucket, Key="k", Body=b"body")

    assert time.monotonic() - began >= 0.3


def test_a_hold_that_nobody_releases_stalls_the_call_until_the_client_gives_up(
    proxy: FaultProxy, s3: S3Server, bucket: str
) -> None:
    impatient = client_of(proxy, s3, FOR_R2.merge(Config(read_timeout=0.3)))
    proxy.inject(Fault("PutObject", Hold()))

    with pytest.raises(ReadTimeoutError):
        impatient.put_object(Bucket=bucket, Key="k", Body=b"body")


def test_a_hold_lets_the_test_act_before_the_server_does(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    hold = proxy.hold("PutObject", nth=2)
    client.put_object(Bucket=bucket, Key="k", Body=b"first")

    with ThreadPoolExecutor() as pool:
        second = pool.submit(client.put_object, Bucket=bucket, Key="k", Body=b"second")
        assert hold.reached.wait(10)
        assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"
        hold.release.set()
        second.result(10)

    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_a_hold_of_the_reply_lets_the_test_act_after_the_server_did(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    hold = proxy.hold("PutObject", after=True)

    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.put_object, Bucket=bucket, Key="k", Body=b"body")
        assert hold.reached.wait(10)
        assert keys(client, bucket) == ["k"]
        assert not call.done()
        proxy.clear()
        call.result(10)


def test_leaving_the_proxy_drops_a_held_call(s3: S3Server, bucket: str) -> None:
    with ThreadPoolExecutor() as pool:
        with FaultProxy(s3.endpoint_url) as proxy:
            hold = proxy.hold("PutObject")
            client = client_of(proxy, s3, FOR_R2)
            call = pool.submit(client.put_object, Bucket=bucket, Key="k", Body=b"body")
            assert hold.reached.wait(10)

        with pytest.raises(ConnectionClosedError):
            call.result(10)
    assert keys(s3.client(), bucket) == []


def test_a_cut_ends_the_reply_in_the_middle(
    either_proxy: FaultProxy, s3: S3Server, bucket: str
) -> None:
    client = client_of(either_proxy, s3, FOR_R2)
    client.put_object(Bucket=bucket, Key="k", Body=FULL)
    either_proxy.inject(Fault("GetObject", Cut(100_000)))

    body = client.get_object(Bucket=bucket, Key="k")["Body"]

    assert body.read(100_000) == FULL[:100_000]
    with pytest.raises(ResponseStreamingError):
        body.read()
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == FULL


@pytest.mark.parametrize("offset", [0, 999_999])
def test_a_flipped_byte_corrupts_the_reply_at_its_offset(
    proxy: FaultProxy, client: Any, bucket: str, offset: int
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=FULL)
    proxy.inject(Fault("GetObject", FlipByte(offset)))

    read = client.get_object(Bucket=bucket, Key="k")["Body"].read()

    assert len(read) == len(FULL)
    assert [i for i in range(len(FULL)) if read[i] != FULL[i]] == [offset]


def test_a_corrupted_request_is_refused_by_the_server(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    upload = Upload(client, bucket, FULL)
    proxy.inject(Fault("UploadPart", CorruptRequest(7)))

    assert refused(upload.put, 2, REST) == (400, "XAmzContentSHA256Mismatch")


def outcomes(client: Any, bucket: str, *names: str) -> str:
    """Put the keys in turn; return "." for each that went well and "x" for each that failed."""

    def put(key: str) -> str:
        try:
            client.put_object(Bucket=bucket, Key=key, Body=b"")
        except ClientError:
            return "x"
        return "."

    return "".join(put(name) for name in names)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, "x..."),
        ({"nth": 2}, ".x.."),
        ({"times": 3}, "xxx."),
        ({"nth": 2, "times": 2}, ".xx."),
        ({"every": True}, "xxxx"),
        ({"nth": 3, "every": True}, "..xx"),
        ({"key_contains": "a", "every": True}, "x.x."),
        ({"key_contains": "b", "nth": 2}, "...x"),
        ({"part": 1, "every": True}, "...."),
    ],
    ids=str,
)
def test_a_fault_acts_on_the_calls_it_selects(
    proxy: FaultProxy, client: Any, bucket: str, selection: dict[str, Any], expected: str
) -> None:
    proxy.inject(Fault("PutObject", Status(503, "SlowDown"), **selection))

    assert outcomes(client, bucket, "a1", "b1", "a2", "b2") == expected


def test_a_fault_can_be_bound_to_a_part(proxy: FaultProxy, client: Any, bucket: str) -> None:
    proxy.inject(Fault("UploadPart", Status(500, "InternalError"), part=2))
    upload = Upload(client, bucket, FULL)

    assert refused(upload.put, 2, REST) == (500, "InternalError")
    upload.parts.append(upload.put(2, REST))
    upload.complete()


def test_simultaneous_calls_use_up_a_fault_exactly(
    proxy: FaultProxy, client: Any, bucket: str
) -> None:
    proxy.inject(Fault("*", Status(503, "SlowDown"), times=5))

    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda n: outcomes(client, bucket, f"k{n}"), range(12))

    assert sorted(results) == ["."] * 7 + ["x"] * 5


def test_cleared_faults_act_no_more(proxy: FaultProxy, client: Any, bucket: str) -> None:
    proxy.inject(Fault("PutObject", Status(503, "SlowDown"), every=True))
    assert outcomes(client, bucket, "a") == "x"

    proxy.clear()

    assert outcomes(client, bucket, "a") == "."
