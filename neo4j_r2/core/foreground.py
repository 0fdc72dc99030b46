"""Tells whether somebody at a terminal waits for this process, and can end it with Ctrl-C."""

from __future__ import annotations

import os
from typing import TextIO


def is_in_foreground(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal at which somebody waits for this process.

    A job of cron can write to a container's terminal, and a shell's job in the background to the
    shell's: nobody looks there.

    :param stream: one of the standard streams; Python has None for a closed one.
    """
    try:
        return stream is not None and os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # no terminal, or a stream without a file
        return False
