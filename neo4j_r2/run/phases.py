"""Takes the time of the phases of a drill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from neo4j_r2.archive.proof import PHASES

CHECK, RESTORE, COMPARE, ASK = PHASES
EMPTY: Final = "empty"
"""The last phase, which no proof has: it is stored before."""
_PLACES: Final = 3
"""Of the decimals of a second."""


class Phases:
    """The phases of one drill."""

    def __init__(self, on_begin: Callable[[str], None] = lambda _: None) -> None:
        """:param on_begin: is called with the name of each phase when it begins."""
        self._on_begin = on_begin
        self.seconds: dict[str, float] = {}
        """How long each phase took that ended well, in whole milliseconds."""

    @property
    def restore_seconds(self) -> float:
        """What a restore into an empty server takes: to check the archive, and to replay it."""
        return self.seconds.get(CHECK, 0.0) + self.seconds.get(RESTORE, 0.0)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Take the time of what the context does."""
        self._on_begin(name)
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, _PLACES)
