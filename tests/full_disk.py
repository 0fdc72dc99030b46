"""A file system without space, or one that cannot be written."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """Mount a file system of 1 MiB and 100 files at a new directory while the context is open."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    directory.mkdir(mode=0o700)
    options = "size=1m,nr_inodes=100,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
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


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Let nobody write to the small disk at a directory while the context is open."""
    remount = ["mount", "-o"]
    subprocess.run([*remount, "remount,ro", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run([*remount, "remount,rw", str(directory)], check=True)


@contextmanager
def without_inodes(directory: Path) -> Iterator[None]:
    """Leave no inode for a new file on the file system of a directory while the context is open."""
    fillers = directory / "fillers"
    fillers.mkdir()
    try:
        for number in itertools.count():
            (fillers / str(number)).touch()
    except OSError:
        pass
    try:
        yield
    finally:
        shutil.rmtree(fillers)
