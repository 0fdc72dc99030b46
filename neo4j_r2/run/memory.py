"""How the process takes its memory, and gives it back."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h."""
_CONTAINERS: Final = 25_000


def set_up() -> None:
    """Fit the interpreter and the C library to streams of many small lists.

    Records are lists in lists without cycles: their memory comes back by itself, and looking for
    cycles among them took a third of a backup's time. So that is done after many more of them.

    glibc gives each thread a heap of its own, and what is free in one is not used by the others: a
    backup took a tenth more memory. The interpreter's lock keeps threads from waiting for the one.
    """
    gc.set_threshold(_CONTAINERS)
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def spare_last_collection() -> None:
    """Let the interpreter end without looking for cycles among all that is loaded.

    That took it 60 ms, a fifteenth of a small backup.
    """
    gc.freeze()
