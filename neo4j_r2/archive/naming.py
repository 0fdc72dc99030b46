"""Lets the errors of a damaged archive name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j_r2.core.errors import CorruptError


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Let each error of a damaged archive begin with the archive's name, if it does not yet.

    :param name: its key, or the path of its file; empty if nobody knows it.
    """
    try:
        yield
    except CorruptError as error:
        if not name or str(error).startswith(f"{name}: "):
            raise
        raise type(error)(f"{name}: {error}") from error
