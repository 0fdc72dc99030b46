"""Work for others, which a run waits for only so long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Errand:
    """An act in a thread of its own, that ends with the process if nothing else ends it.

    A look-up of a name, or an answer that comes byte by byte, has no time limit of its own.
    """

    def __init__(self, name: str, act: Callable[[], str | None]) -> None:
        """Begin.

        :param name: for the log.
        :param act: returns what went wrong in words for the log, None if nothing did.
        """
        self.name = name
        self._act = act
        self._problem: str | None = None
        self._ended = threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    def problem(self, seconds: float) -> str | None:
        """Wait for the end, at most so long from now, and return what went wrong."""
        if self._ended.wait(max(0.0, seconds)):
            return self._problem
        return f"no end after {time.monotonic() - self._began:.0f} s"

    def _run(self) -> None:
        try:
            self._problem = self._act()
        except Exception as error:  # noqa: BLE001 - of a library; its text may hold an address
            self._problem = f"unexpected {type(error).__name__}"
        finally:
            self._ended.set()
