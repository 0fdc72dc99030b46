"""Reads for the S3 client what its own library reads slowly: the description of S3, and times.

The description is more than a megabyte of JSON, and before the library reads that, it looks for the
files of all 400 services of AWS. A time is in every entry of a listing, and it guesses its format.
"""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader
from botocore.utils import parse_timestamp


def s3_loader() -> Loader:
    """Return the loader for a session that makes clients of S3 and of nothing else."""
    return _S3Loader(file_loader=_FileLoader())


def read_time(text: str) -> datetime:
    """Return a time of an answer; those in headers have other formats than those of entries.

    :raises ValueError: if it is no time.
    """
    try:
        if "T" in text:  # without it, what ISO 8601 takes for a date may be seconds
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    return parse_timestamp(text)


class _S3Loader(Loader):
    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - all have it
        return ["s3"]


class _FileLoader(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        for path in (Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")):
            if path.is_file():
                data = path.read_bytes()
                return orjson.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
        return None
