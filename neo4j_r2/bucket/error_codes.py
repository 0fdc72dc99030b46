"""The error codes of R2's answers: whether a call is made again, and what a user should check.

The table has the codes of R2's page "Error codes", except those of calls that this service never
makes (BucketNotEmpty, TooManyBuckets, BucketConflict). It also has codes that R2 answers without
naming them there, and codes of other S3 stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Again(Enum):
    """Whether a call is made again after an answer."""

    YES = auto()
    IF_PROVED = auto()
    """Only if R2 has taken the same credentials before: then they are right."""
    IF_CLOCKS_AGREE = auto()
    """Only if this machine's clock is right: then the request was just long on its way."""
    NO = auto()


@dataclass(frozen=True)
class Meaning:
    """What an answer means for the call, and for the user."""

    again: Again
    headline: str
    """What failed: a format with `operation`, `bucket` and `reason`."""
    advice: str
    """What to check: a format with `bucket`."""


_DENIED: Final = "Access denied by R2 during {operation} ({reason})"
_NOT_FOUND: Final = "R2 bucket not found: {bucket} ({reason})"
_FAILED: Final = "R2 failed: {operation} on bucket {bucket}: {reason}"

_KEYS: Final = (
    "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY, and that the token may read and write "
    "objects of bucket {bucket}"
)
_CHANGED: Final = "another program has stored, changed or removed the object meanwhile"
_DAMAGED: Final = "the request was damaged or cut off on its way: check the network"
_BUSY: Final = "R2 is out of order, see https://www.cloudflarestatus.com"
_TOO_MANY: Final = "too many requests at once: lower BACKUP_UPLOAD_CONCURRENCY"
_LIMITS: Final = "a part has at most 5 GiB, an object 5 TiB: check BACKUP_PART_SIZE_MB"
_KEY_NAME: Final = "check BACKUP_PREFIX: a key has at most 1,024 bytes"
_PARTS: Final = "the bucket's parts are not those that were sent: make the backup again"
_REPORT: Final = "please report this error"

DENIED: Final = Meaning(Again.NO, _DENIED, _KEYS)
"""For every answer 401 or 403 whose code has no row."""
BUCKET_NOT_FOUND: Final = Meaning(
    Again.NO,
    _NOT_FOUND,
    "check R2_BUCKET_NAME and R2_ACCOUNT_ID, and R2_ENDPOINT_URL if the bucket belongs to a "
    "jurisdiction",
)
WRONG_KEY_LENGTH: Final = Meaning(
    Again.NO, _DENIED, "check R2_ACCESS_KEY_ID: R2's access key IDs have 32 characters"
)
"""For an InvalidArgument whose message is on the access key."""
BUSY: Final = Meaning(Again.YES, _FAILED, _BUSY)
"""For every answer 408, 429 or 5xx whose code has no row, Cloudflare's own 520 to 530 included."""
FAILED: Final = Meaning(Again.NO, _FAILED, "")
"""For every other answer."""
_SIGNATURE: Final = Meaning(Again.IF_PROVED, _DENIED, _KEYS)
_CLOCK: Final = Meaning(Again.IF_CLOCKS_AGREE, _FAILED, "")

MEANINGS: Final[Mapping[str, Meaning]] = {
    # Authentication and authorization
    "Unauthorized": DENIED,
    "AccessDenied": DENIED,
    "InvalidAccessKeyId": DENIED,
    # R2 refuses a good request in this way now and then, and takes it when it is sent again.
    "SignatureDoesNotMatch": _SIGNATURE,
    # The answer to a HEAD has no body, and so no code: it can be the same refusal.
    "403": _SIGNATURE,
    "ExpiredRequest": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "NotEntitled": Meaning(Again.NO, _FAILED, "the account needs a subscription to R2"),
    # Buckets
    "InvalidBucketName": Meaning(Again.NO, _FAILED, "check R2_BUCKET_NAME"),
    "NoSuchBucket": BUCKET_NOT_FOUND,
    # Objects
    "NoSuchKey": Meaning(Again.NO, _FAILED, _CHANGED),
    "InvalidObjectName": Meaning(Again.NO, _FAILED, _KEY_NAME),
    "KeyTooLongError": Meaning(Again.NO, _FAILED, _KEY_NAME),
    "EntityTooLarge": Meaning(Again.NO, _FAILED, _LIMITS),
    "MetadataTooLarge": Meaning(Again.NO, _FAILED, _REPORT),
    "ObjectLockedByBucketPolicy": Meaning(
        Again.NO, _FAILED, "a lock rule of the bucket protects the object"
    ),
    # Uploads and requests
    "MissingContentLength": Meaning(
        Again.NO, _FAILED, "a proxy on the way to R2 removes the header Content-Length"
    ),
    "IncompleteBody": Meaning(Again.YES, _FAILED, _DAMAGED),
    "InvalidDigest": Meaning(Again.NO, _FAILED, _REPORT),
    "BadDigest": Meaning(Again.YES, _FAILED, _DAMAGED),
    "XAmzContentSHA256Mismatch": Meaning(Again.YES, _FAILED, _DAMAGED),
    "InvalidRange": Meaning(Again.NO, _FAILED, _CHANGED),
    "PreconditionFailed": Meaning(Again.NO, _FAILED, _CHANGED),
    # Multipart uploads
    "EntityTooSmall": Meaning(Again.NO, _FAILED, "set BACKUP_PART_SIZE_MB to a larger size"),
    "NoSuchUpload": Meaning(
        Again.NO, _FAILED, "another program or a lifecycle rule of the bucket aborted the upload"
    ),
    "InvalidPart": Meaning(Again.NO, _FAILED, _PARTS),
    "InvalidPartOrder": Meaning(Again.NO, _FAILED, _PARTS),
    # The service itself
    "InternalError": BUSY,
    "ServiceUnavailable": BUSY,
    "ClientDisconnect": Meaning(Again.YES, _FAILED, _DAMAGED),
    "RequestTimeout": Meaning(Again.YES, _FAILED, _DAMAGED),
    "TooManyRequests": Meaning(Again.YES, _FAILED, _TOO_MANY),
    "SlowDown": Meaning(Again.YES, _FAILED, _TOO_MANY),
    "NotImplemented": Meaning(Again.NO, _FAILED, "the store does not support this operation"),
}
