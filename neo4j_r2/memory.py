"""How the process takes its memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h."""


def share_one_heap() -> None:
    """Let all threads allocate from one heap, where the C library can be told so.

    glibc gives each thread one of its own, and what is free in one is not used by the others: a
    backup would take a tenth more. The interpreter's lock keeps threads from waiting for the heap.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
