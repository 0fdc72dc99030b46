"""Tells now and then how far the server is with building indexes, which can take it hours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from neo4j_r2.core.printable import printable
from neo4j_r2.graph.reader import Graph

log = logging.getLogger(__name__)

_INTERVAL_SECONDS: Final = 10.0
_SHOWN: Final = 5
_UNDER_WAY: Final = (
    "SHOW INDEXES YIELD name, state, populationPercent AS percent WHERE state = 'POPULATING' "
    "RETURN name, percent ORDER BY percent DESC, name"
)


class BuildProgress:
    """Logs a line every ten seconds, as long as an index is being built."""

    def __init__(
        self,
        graph: Graph,
        on_alive: Callable[[], None],
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """:param on_alive: is called at each step."""
        self._graph = graph
        self._on_alive = on_alive
        self._interval_seconds = interval_seconds
        self._logged = time.monotonic()

    def start(self) -> None:
        """Start the clock."""
        self._logged = time.monotonic()

    def step(self) -> None:
        """Tell how far the server is, if it is time to."""
        self._on_alive()
        if time.monotonic() - self._logged < self._interval_seconds:
            return
        if indexes := self._graph.connection.rows(_UNDER_WAY):
            log.info("%s", progress_line(indexes))
        self._logged = time.monotonic()


def progress_line(indexes: Sequence[Mapping[str, Any]]) -> str:
    """Return the line for the log.

    :param indexes: the name and the percentage of each index that is being built, at least one.
    """
    shown = [f"{printable(each['name'])} {each['percent']:.0f}%" for each in indexes[:_SHOWN]]
    more = [f"{len(indexes) - _SHOWN} more"] if len(indexes) > _SHOWN else []
    return f"Building indexes: {', '.join([*shown, *more])}"
