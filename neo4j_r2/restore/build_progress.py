"""Tells how far the server is with building indexes, which can take it hours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from neo4j_r2.core.printable import printable
from neo4j_r2.graph.reader import Graph
from neo4j_r2.run.progress import INTERVAL_SECONDS, Teller

log = logging.getLogger(__name__)

_BAR_SECONDS: Final = 1.0
"""How often the server is asked for a bar."""
_SHOWN: Final = 5
_INDEXES: Final = (
    "SHOW INDEXES YIELD name, state, populationPercent AS percent WHERE state <> 'FAILED' "
    "RETURN name, percent, state = 'POPULATING' AS is_under_way ORDER BY percent DESC, name"
)


class BuildProgress(Teller):
    """While an index is being built, shows a bar, or logs a line every ten seconds."""

    def __init__(
        self,
        graph: Graph,
        on_alive: Callable[[], None],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """:param on_alive: is called at each step."""
        super().__init__("Building indexes", 100, interval_seconds, _BAR_SECONDS)
        self._graph = graph
        self._on_alive = on_alive

    def step(self) -> None:
        """Tell how far the server is, if it is time to."""
        self._on_alive()
        if not self._is_due(time.monotonic()):
            return
        indexes = self._graph.connection.rows(_INDEXES)
        if under_way := [each for each in indexes if each["is_under_way"]]:
            if self._bar:
                percent = sum(each["percent"] for each in indexes) / len(indexes)
                self._bar.show(percent, self._expected, f"{len(under_way):,} under way")
            else:
                log.info("%s", progress_line(under_way))


def progress_line(indexes: Sequence[Mapping[str, Any]]) -> str:
    """Return the line for the log.

    :param indexes: the name and the percentage of each index that is being built, at least one.
    """
    shown = [f"{printable(each['name'])} {each['percent']:.0f}%" for each in indexes[:_SHOWN]]
    more = [f"{len(indexes) - _SHOWN:,} more"] if len(indexes) > _SHOWN else []
    return f"Building indexes: {', '.join([*shown, *more])}"
