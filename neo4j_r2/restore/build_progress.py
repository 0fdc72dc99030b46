"""Tells how far the server is with building indexes, which can take it hours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from neo4j_r2.core.log import watched_bar
from neo4j_r2.core.printable import printable
from neo4j_r2.core.progress_bar import Bar
from neo4j_r2.graph.reader import Graph
from neo4j_r2.run.progress import INTERVAL_SECONDS

log = logging.getLogger(__name__)

_BAR_SECONDS: Final = 1.0
"""How often the server is asked for a bar."""
_SHOWN: Final = 5
_INDEXES: Final = (
    "SHOW INDEXES YIELD name, state, populationPercent AS percent WHERE state <> 'FAILED' "
    "RETURN name, percent, state = 'POPULATING' AS is_under_way ORDER BY percent DESC, name"
)


class BuildProgress:
    """While an index is being built, shows a bar, or logs a line every ten seconds."""

    def __init__(
        self,
        graph: Graph,
        on_alive: Callable[[], None],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """:param on_alive: is called at each step."""
        self._graph = graph
        self._on_alive = on_alive
        self._interval_seconds = interval_seconds
        self._told = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        """Start the clock."""
        self._bar = watched_bar("Building indexes", 100)
        self._told = time.monotonic()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.close()
            self._bar = None

    def step(self) -> None:
        """Tell how far the server is, if it is time to."""
        self._on_alive()
        if time.monotonic() - self._told < (_BAR_SECONDS if self._bar else self._interval_seconds):
            return
        indexes = self._graph.connection.rows(_INDEXES)
        if under_way := [each for each in indexes if each["is_under_way"]]:
            if self._bar:
                done = sum(each["percent"] for each in indexes)
                self._bar.show(done, 100 * len(indexes), f"{len(under_way):,} under way")
            else:
                log.info("%s", progress_line(under_way))
        self._told = time.monotonic()


def progress_line(indexes: Sequence[Mapping[str, Any]]) -> str:
    """Return the line for the log.

    :param indexes: the name and the percentage of each index that is being built, at least one.
    """
    shown = [f"{printable(each['name'])} {each['percent']:.0f}%" for each in indexes[:_SHOWN]]
    more = [f"{len(indexes) - _SHOWN} more"] if len(indexes) > _SHOWN else []
    return f"Building indexes: {', '.join([*shown, *more])}"
