"""How long a run waits, in all, for systems that do not answer at its beginning."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Patience:
    """A time for waiting. What was spent on one wait is not there for the next one.

    So a run of several databases does not wait anew for each of them.
    """

    def __init__(self, seconds: float) -> None:
        """:param seconds: how long all waits may take together."""
        self._all = self._left = seconds

    @contextmanager
    def spending(self, at_least: float = 0.0) -> Iterator[float]:
        """Yield how many seconds are left; what the context takes is spent.

        :param at_least: what the context gets if less is left, but never more than there was.
        """
        began = time.monotonic()
        try:
            yield max(self._left, min(at_least, self._all))
        finally:
            self._left = max(0.0, self._left - (time.monotonic() - began))
