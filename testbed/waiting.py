"""Waiting for a condition with a deadline: the only place that sleeps."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.05


class WaitTimeoutError(TimeoutError):
    """The condition was still false at the deadline."""


def wait_until(
    condition: Callable[[], bool], *, seconds: float, what: str, poll_seconds: float = POLL_SECONDS
) -> None:
    """Return as soon as `condition()` is true. It is called at least once.

    A condition that is costly to ask for is asked for less often, every `poll_seconds`.
    Raises WaitTimeoutError, naming `what` was waited for, when it is still false after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            raise WaitTimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(poll_seconds)
