"""Writes a command's result into a file that is complete or not there, or to standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from neo4j_r2.core.errors import ConfigurationError

STANDARD_OUTPUT: Final = ("-", "/dev/stdout")
_TEMPORARY: Final = ".part"

Write = Callable[[bytes], None]


def refuse_output(name: str) -> None:
    """Refuse, before anything is done, a name that cannot become a file.

    :raises ConfigurationError: saying why.
    """
    if name in STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise ConfigurationError(
                "Standard output is a terminal, and the archive is gzip: send it to a file or to a "
                "program, or name a file (--output)"
            )
        return
    path = Path(name)
    with _errors_explained(name):
        if path.is_file() or path.is_dir():
            raise ConfigurationError(f"{name} exists already: name another file (--output)")
        if not path.parent.is_dir():
            raise ConfigurationError(f"{name} cannot be made: there is no directory {path.parent}")


@contextmanager
def output_file(name: str) -> Iterator[Write]:
    """Open a file, which gets its name only if the context ends without an error.

    What is no regular file, as a pipe or standard output, gets each piece at once.

    :raises ConfigurationError: if the file is there already, or cannot be written.
    """
    refuse_output(name)
    path = Path(name)
    if name in STANDARD_OUTPUT:
        yield partial(_write, "Standard output", sys.stdout.fileno())
    elif path.exists():
        with _open(name, os.O_WRONLY) as descriptor:
            yield partial(_write, name, descriptor)
    else:
        with _new_file(path) as write:
            yield write


@contextmanager
def _new_file(path: Path) -> Iterator[Write]:
    """Write a temporary file beside the one that is wanted. Only its user may read it."""
    name = str(path)
    with _errors_explained(name):
        descriptor, temporary = tempfile.mkstemp(_TEMPORARY, f".{path.name}.", path.parent)
    try:
        yield partial(_write, name, descriptor)
        with _errors_explained(name):
            os.fsync(descriptor)
        with _errors_explained(name):
            _give_name(Path(temporary), path)
        # Not every file system can do this. The file is there in any case.
        with suppress(OSError, ConfigurationError), _open(str(path.parent), os.O_RDONLY) as folder:
            os.fsync(folder)
    finally:
        os.close(descriptor)
        with suppress(OSError):
            Path(temporary).unlink()


def _give_name(temporary: Path, path: Path) -> None:
    """Give a file its name; it replaces nothing.

    :raises OSError: if the name is taken, or cannot be given.
    """
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        refuse_output(str(path))
        temporary.rename(path)


@contextmanager
def _open(name: str, flags: int) -> Iterator[int]:
    with _errors_explained(name):
        descriptor = os.open(name, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(name: str, descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    with _errors_explained(name):
        while rest:
            rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _errors_explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror}") from error
