"""How the process takes memory and gives it back."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""The option's number in glibc's malloc.h."""
_COLLECTION_THRESHOLD: Final = 25_000
"""New objects that can hold others, after which the collector runs; Python's default is 700 to
2,000, depending on its version."""


def set_up() -> None:
    """Fit the interpreter and the C library to streams of many small lists.

    The records of the graph are nested lists without cycles. Python frees them without its
    collector, but the collector's search for cycles took a third of a backup's time. So it runs
    less often: after more new objects.

    glibc gives each thread a heap of its own, and no thread uses what is free in another's. That
    made a backup take a tenth more memory. One heap is enough: threads that hold the interpreter's
    lock in turn do not wait for it.
    """
    gc.set_threshold(_COLLECTION_THRESHOLD)
    with suppress(OSError, AttributeError):  # the C library is not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@contextmanager
def loading() -> Iterator[None]:
    """Keep the collector away from what is loaded in this context.

    Modules stay to the end, so nothing of them can be freed. But a collector that runs meanwhile
    looks at all of it again and again: that took about 20 ms. Later it skips what was loaded, since
    that is frozen.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def skip_last_collection() -> None:
    """Hide all objects from the collector, so that the interpreter's end is quick.

    Before it exits, Python looks for cycles among all objects. That took 60 ms, a fifteenth of a
    small backup, and frees nothing that the end of the process does not free. The collector skips
    frozen objects. Files and connections do not need it: their `with` blocks have closed them.
    """
    gc.freeze()
