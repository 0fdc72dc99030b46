"""An act in a thread of its own: if it hangs, it does not hold up the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Errand:
    """An act in a thread of its own. If it never ends, it does not keep the process alive.

    Some waits have no time limit of their own: the look-up of a host's name, or an answer that
    comes byte by byte.
    """

    def __init__(self, name: str, act: Callable[[], str | None]) -> None:
        """Start the act.

        :param name: its name in the log.
        :param act: returns what went wrong, in words for the log; None if nothing did.
        """
        self.name = name
        self._act = act
        self._problem: str | None = None
        self._ended = threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    def problem(self, seconds: float) -> str | None:
        """Wait at most this long for the end; return what went wrong, None if nothing did."""
        if self._ended.wait(max(0.0, seconds)):
            return self._problem
        return f"no end after {time.monotonic() - self._began:.0f} s"

    def _run(self) -> None:
        try:
            self._problem = self._act()
        except Exception as error:  # noqa: BLE001 - from a library; its text can hold an address
            self._problem = f"unexpected {type(error).__name__}"
        finally:
            self._ended.set()
