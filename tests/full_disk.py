"""A file system without space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """Mount a file system of 256 KiB at a new directory while the context is open."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    directory.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(directory)]
    unmount = ["umount", "--lazy", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine may mount no file system")
    try:
        yield
    finally:
        subprocess.run(unmount, check=True)


@contextmanager
def filled(directory: Path) -> Iterator[None]:
    """Leave no space on the file system of a directory while the context is open."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()
