"""What Cloudflare R2 refuses and ordinary S3 servers accept: pure checks on one request at a time.

Sources: R2's "S3 API compatibility", "Multipart upload", "Limits" and "Bucket locks" pages.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

MEBIBYTE = 1024 * 1024
MAXIMUM_KEY_BYTES = 1024
MAXIMUM_METADATA_BYTES = 8 * 1024
METADATA_PREFIX = "x-amz-meta-"

_OPERATIONS = {
    "GET service": "ListBuckets",
    "GET bucket": "ListObjects",
    "GET bucket list-type": "ListObjectsV2",
    "GET bucket uploads": "ListMultipartUploads",
    "GET bucket location": "GetBucketLocation",
    "HEAD bucket": "HeadBucket",
    "PUT bucket": "CreateBucket",
    "DELETE bucket": "DeleteBucket",
    "POST bucket": "PostObject",
    "POST bucket delete": "DeleteObjects",
    "GET object": "GetObject",
    "HEAD object": "HeadObject",
    "PUT object": "PutObject",
    "DELETE object": "DeleteObject",
    "POST object uploads": "CreateMultipartUpload",
    "PUT object uploadId": "UploadPart",
    "GET object uploadId": "ListParts",
    "POST object uploadId": "CompleteMultipartUpload",
    "DELETE object uploadId": "AbortMultipartUpload",
}
_SUBRESOURCES = ("list-type", "uploads", "location", "delete", "uploadId")
_COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
_CREATING = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_UNSUPPORTED_SUBRESOURCES = frozenset({"tagging", "versioning", "versions", "acl", "object-lock"})
_UNSUPPORTED_HEADERS = re.compile(
    r"x-amz-(trailer|checksum-.+|sdk-checksum-algorithm|tagging|object-lock-.+|acl"
    r"|server-side-encryption(?!-customer).*)"
)


@dataclass(frozen=True)
class R2Limits:
    """The limits a test may tighten; the defaults are R2's own."""

    minimum_part_size: int = 5 * MEBIBYTE
    maximum_parts: int = 10_000
    locked_prefix: str | None = None
    """Keys that start with it are under a bucket lock: no delete, no overwrite. None: no lock."""

    def lock(self, key: str) -> bool:
        """Whether the key is under a bucket lock."""
        return self.locked_prefix is not None and key.startswith(self.locked_prefix)


@dataclass(frozen=True)
class Refusal:
    """An error reply in S3's terms."""

    status: int
    code: str
    message: str

    def as_xml(self) -> bytes:
        """Return the XML document that S3 clients read the code from."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        ).encode()


BUCKET_LOCKED = Refusal(
    403, "ObjectLockedByBucketPolicy", "The object is locked by the bucket's policy."
)


@dataclass(frozen=True)
class Call:
    """One request to a path-style S3 endpoint; `target` is the raw path and query as received."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Header names in lower case."""
    body: bytes = b""

    @property
    def key(self) -> str:
        """The object's decoded key, "" for calls on a bucket or on the service."""
        return self._path[1]

    @property
    def query(self) -> dict[str, str]:
        """The decoded query parameters; those without a value have ""."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def upload_id(self) -> str | None:
        """The multipart upload that the call names, if it does."""
        return self.query.get("uploadId")

    @property
    def part(self) -> int | None:
        """The part number that the call names, if it does."""
        number = self.query.get("partNumber", "")
        return int(number) if number.isdecimal() else None

    @property
    def operation(self) -> str:
        """S3's name for the call, such as `UploadPart`; `Unknown` for what R2 doesn't implement."""
        query = self.query
        if query.keys() & _UNSUPPORTED_SUBRESOURCES:
            return "Unknown"
        bucket, key = self._path
        level = "object" if key else "bucket" if bucket else "service"
        named = [self.method, level, *(name for name in _SUBRESOURCES if name in query)]
        operation = _OPERATIONS.get(" ".join(named), "Unknown")
        if "x-amz-copy-source" in self.headers:
            return _COPIES.get(operation, operation)
        return operation

    @property
    def is_conditional(self) -> bool:
        """Whether the client asked for the call to fail on some state of the key."""
        return any(name in self.headers for name in _CONDITIONS)

    @property
    def _path(self) -> tuple[str, str]:
        bucket, _, key = self.target.partition("?")[0].removeprefix("/").partition("/")
        return unquote(bucket), unquote(key)


def refuse(call: Call, limits: R2Limits) -> Refusal | None:
    """Return R2's refusal of a call that can be judged without knowing the bucket's contents."""
    return (
        _refuse_unimplemented(call)
        or _refuse_unknown_length(call)
        or _refuse_key(call)
        or _refuse_metadata(call)
        or _refuse_part_number(call, limits)
        or _refuse_locked_delete(call, limits)
    )


def creates_under_lock(call: Call, limits: R2Limits) -> bool:
    """Whether the call may only create its key, because an existing one would be locked."""
    return call.operation in _CREATING and limits.lock(call.key)


def _refuse_unimplemented(call: Call) -> Refusal | None:
    for name, value in call.headers.items():
        if _UNSUPPORTED_HEADERS.fullmatch(name):
            return Refusal(501, "NotImplemented", f"Header '{name}' is not implemented.")
        if name == "content-encoding" and "aws-chunked" in value:
            return Refusal(501, "NotImplemented", "Encoding 'aws-chunked' is not implemented.")
    if call.operation in {"Unknown", "PostObject"}:
        return Refusal(501, "NotImplemented", "The operation is not implemented.")
    return None


def _refuse_unknown_length(call: Call) -> Refusal | None:
    if "transfer-encoding" in call.headers and "content-length" not in call.headers:
        return Refusal(411, "MissingContentLength", "The Content-Length header is required.")
    return None


def _refuse_key(call: Call) -> Refusal | None:
    if len(call.key.encode()) > MAXIMUM_KEY_BYTES:
        return Refusal(400, "KeyTooLongError", "The key is longer than 1,024 bytes.")
    return None


def _refuse_metadata(call: Call) -> Refusal | None:
    metadata = {
        name.removeprefix(METADATA_PREFIX): value
        for name, value in call.headers.items()
        if name.startswith(METADATA_PREFIX)
    }
    if not all(value.isascii() for value in metadata.values()):
        return Refusal(400, "InvalidArgument", "User metadata has to be ASCII.")
    if sum(len(name) + len(value) for name, value in metadata.items()) > MAXIMUM_METADATA_BYTES:
        return Refusal(400, "MetadataTooLarge", "User metadata is larger than 8 KB.")
    return None


def _refuse_part_number(call: Call, limits: R2Limits) -> Refusal | None:
    if call.operation != "UploadPart" or 1 <= (call.part or 0) <= limits.maximum_parts:
        return None
    return Refusal(400, "InvalidArgument", f"Part number not within 1-{limits.maximum_parts}.")


def _refuse_locked_delete(call: Call, limits: R2Limits) -> Refusal | None:
    if call.operation == "DeleteObject" and limits.lock(call.key):
        return BUCKET_LOCKED
    return None


@dataclass(frozen=True)
class Part:
    """A stored part, as the server acknowledged it."""

    size: int
    etag: str


NO_SUCH_UPLOAD = Refusal(404, "NoSuchUpload", "The specified multipart upload does not exist.")
_MISSING_PART = Refusal(400, "InvalidPart", "A part was not uploaded or its ETag differs.")


@dataclass
class Uploads:
    """The multipart uploads of one endpoint, learnt from the calls it answered.

    An upload none of whose parts came through the proxy is not judged.
    """

    parts: dict[str, dict[int, Part]] = field(default_factory=dict)
    """By upload id and part number."""
    ended: set[str] = field(default_factory=set)
    """Upload ids that were completed, aborted, or destroyed by a failed conditional Complete."""

    def learn(self, call: Call, status: int, etag: str, reply: bytes) -> None:
        """Take in what the server answered."""
        upload_id = call.upload_id
        if upload_id is None:
            return
        if call.operation == "UploadPart" and status == 200:
            stored = self.parts.setdefault(upload_id, {})
            stored[call.part or 0] = Part(len(call.body), etag.strip('"'))
        elif call.operation == "AbortMultipartUpload" and status == 204:
            self.ended.add(upload_id)
        elif call.operation == "CompleteMultipartUpload":
            # S3 may report a late failure inside a reply that began as 200.
            succeeded = status == 200 and b"<Error>" not in reply
            if succeeded or (status == 412 and call.is_conditional):
                self.ended.add(upload_id)

    def refuse(self, call: Call, limits: R2Limits) -> Refusal | None:
        """Return R2's refusal of a call on an ended upload, or of an uneven Complete."""
        if call.upload_id is None:
            return None
        if call.upload_id in self.ended:
            return NO_SUCH_UPLOAD
        stored = self.parts.get(call.upload_id)
        if call.operation != "CompleteMultipartUpload" or stored is None:
            return None
        try:
            listed = _listed_parts(call.body)
        except (ElementTree.ParseError, ValueError):
            return Refusal(400, "MalformedXML", "The list of parts could not be read.")
        return refuse_parts(listed, stored, limits)

    def without_ended(self, listing: bytes) -> bytes:
        """Return a ListMultipartUploads reply without the uploads that R2 would have removed."""

        def keep(upload: re.Match[bytes]) -> bytes:
            return b"" if upload["id"].decode() in self.ended else upload[0]

        pattern = rb"<Upload>(?:(?!</Upload>).)*<UploadId>(?P<id>[^<]*)</UploadId>.*?</Upload>"
        return re.sub(pattern, keep, listing, flags=re.DOTALL)


def refuse_parts(
    listed: Sequence[tuple[int, str]], stored: Mapping[int, Part], limits: R2Limits
) -> Refusal | None:
    """Return R2's refusal to complete an upload from the (number, ETag) pairs of a Complete."""
    numbers = [number for number, _ in listed]
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        return Refusal(400, "InvalidPartOrder", "The parts are not in ascending order.")
    if not 1 <= len(listed) <= limits.maximum_parts:
        return Refusal(400, "InvalidArgument", f"Not 1-{limits.maximum_parts} parts.")
    if any(number not in stored or stored[number].etag != etag for number, etag in listed):
        return _MISSING_PART
    *full, last = [stored[number].size for number in numbers]
    if any(size < limits.minimum_part_size for size in full):
        return Refusal(400, "EntityTooSmall", "A part other than the last is below the minimum.")
    if full and (len(set(full)) > 1 or last > full[0]):
        return Refusal(400, "InvalidPart", "All non-trailing parts must have the same length.")
    return None


def _listed_parts(body: bytes) -> list[tuple[int, str]]:
    parts = ElementTree.fromstring(body).findall("{*}Part")
    return [
        (int(part.findtext("{*}PartNumber", "")), part.findtext("{*}ETag", "").strip('"'))
        for part in parts
    ]
