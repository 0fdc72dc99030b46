"""Backups that are not measured, for what is to be known of their archives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from bench.stage import BACKUP, ContenderError, Stage

_CHOICE: Final = re.compile(r"APOC detected \(version: \S+\), using (.*)")
_SUFFIX: Final = ".cypher.gz"
_CHUNK_BYTES: Final = 1024 * 1024


def choice_of_auto(stage: Stage) -> str:
    """Return what BACKUP_EXPORT_METHOD=auto chooses for the source, and why."""
    bucket = stage.new_bucket()
    usage = stage.run([BACKUP], bucket, stage.source, BACKUP_EXPORT_METHOD="auto")
    stage.require_success(usage)
    stage.remove_bucket(bucket)
    found = _CHOICE.search(stage.log.read_text(encoding="utf-8"))
    if found is None:
        raise ContenderError(f"auto does not say what it chose:\n{stage.log_tail()}")
    return found[1]


def back_up(stage: Stage) -> str:
    """Back the source up by the walk, and return the new bucket that holds it."""
    bucket = stage.new_bucket()
    usage = stage.run([BACKUP], bucket, stage.source, BACKUP_EXPORT_METHOD="manual")
    stage.require_success(usage)
    return bucket


def download(stage: Stage, bucket: str) -> Path:
    """Return the archive that a bucket holds as a file."""
    [key] = [key for key in stage.stored(bucket) if key.endswith(_SUFFIX)]
    path = stage.directory / Path(key).name
    stage.s3.client().download_file(bucket, key, str(path))
    return path


def gzip_size(archive: Path) -> int:
    """Return how many bytes `gzip -6` makes of an archive's text."""
    unpacking, packing = ["gunzip", "--stdout", str(archive)], ["gzip", "-6"]
    size = 0
    with (
        subprocess.Popen(unpacking, stdout=subprocess.PIPE) as gunzip,
        subprocess.Popen(packing, stdin=gunzip.stdout, stdout=subprocess.PIPE) as gzip,
    ):
        assert gzip.stdout is not None, "it was asked for"
        while chunk := gzip.stdout.read(_CHUNK_BYTES):
            size += len(chunk)
    if (gunzip.returncode, gzip.returncode) != (0, 0):
        raise ContenderError("gzip could not compress the archive's text")
    return size
