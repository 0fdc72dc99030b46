"""Tells the monitor and receivers how a run goes, and limits how long the run waits for them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from neo4j_r2.config.notify_settings import NotifySettings, scheme_of
from neo4j_r2.core.errors import INTERRUPTED, Ending, failure_kind
from neo4j_r2.core.foreground import is_in_foreground
from neo4j_r2.core.secret import Secret
from neo4j_r2.monitoring.apprise_receiver import deliver
from neo4j_r2.monitoring.drill_notification import (
    is_drill_due,
    notification_of_drill,
    reason_of_drill,
)
from neo4j_r2.monitoring.errand import Errand
from neo4j_r2.monitoring.notification import Notification, is_due, notification_of, reason_of
from neo4j_r2.monitoring.ping import FAILURE, START, SUCCESS, ping
from neo4j_r2.run.drill_report import DrillReport
from neo4j_r2.run.report import RunReport

log = logging.getLogger(__name__)

_INTERRUPTED_SECONDS: Final = 5
"""The longest wait after a run that was told to end: somebody waits for its end."""


class Announcer:
    """Sends the pings and the notifications of one run."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self._pings: list[Errand] = []
        self._report: RunReport | None = None
        self._found: list[Notification] = []

    def started(self) -> None:
        """Ping the monitor that the run is under way; do not wait for the answer.

        A run on a terminal does not tell its start: if somebody ends it with Ctrl-C, that is no
        failure, and a monitor would wait for its end.
        """
        if not any(map(is_in_foreground, (sys.stdin, sys.stderr))):
            self._ping(START)

    def ended(self, report: RunReport) -> None:
        """Keep the report of the run for `announce`."""
        self._report = report

    def found(self, notification: Notification) -> None:
        """Keep for `announce` what the run has found to be wrong besides."""
        self._found.append(notification)

    def announce(self) -> None:
        """Send how the run ended, if there is a report; wait no longer than is configured."""
        if self._report is None:
            return
        with _failures_logged():
            self._send(self._report, _limit(self._settings, self._report.exit_code))

    def _send(self, report: RunReport, seconds: float) -> None:
        now = time.monotonic()
        notifications = self._deliveries(report)
        # A start that arrives after the end would look like a run that never ends. So the pings so
        # far get half of the time; the other half stays for the end, which matters more.
        _await(self._pings, now + seconds / 2)
        signal = FAILURE if report.exit_code else SUCCESS
        self._ping(signal, reason_of(report) if report.exit_code else "")
        if self._found and not report.exit_code:
            # Before the answer to the success, this would be over at once for the monitor.
            _await(self._pings[-1:], now + seconds)
            self._ping(FAILURE, "; ".join(each.title for each in self._found))
        end = self._pings[-1:]  # none without a monitor
        _await([*end, *notifications], now + seconds)

    def _deliveries(self, report: RunReport) -> list[Errand]:
        if not self._settings.urls:
            return []
        notifications = list(self._found)
        if is_due(report, self._settings.when):
            notifications.insert(0, notification_of(report, self._settings.host))
        return [errand for each in notifications for errand in deliveries(self._settings, each)]

    def _ping(self, signal: str, text: str = "") -> None:
        url = self._settings.ping_url.reveal()
        if url:
            name = f"Ping ({signal or 'success'})"
            self._pings.append(Errand(name, lambda: ping(url, signal, text)))


def tell(
    settings: NotifySettings,
    notification: Notification,
    failure: str = "",
    seconds: float | None = None,
) -> None:
    """Notify every receiver of something that is no run of backups.

    :param failure: what the monitor is told of a failure; empty if it is told nothing.
    :param seconds: the longest wait; None means the configured one.
    """
    deadline = time.monotonic() + (settings.seconds if seconds is None else seconds)
    errands = deliveries(settings, notification) if settings.urls else []
    url = settings.ping_url.reveal()
    if url and failure:
        errands.append(Errand(f"Ping ({FAILURE})", lambda: ping(url, FAILURE, failure)))
    _await(errands, deadline)


def tell_drill(settings: NotifySettings, host: str, report: DrillReport) -> None:
    """Tell receivers how a run of drills ended, if that is due, and the monitor of a failure.

    The monitor gets no start and no success: these would stand for a backup that nobody made.

    :param host: the name of the machine that the run was on.
    """
    if not is_drill_due(report, settings.when):
        return
    failure = reason_of_drill(report) if report.exit_code else ""
    with _failures_logged():
        seconds = _limit(settings, report.exit_code)
        tell(settings, notification_of_drill(report, host), failure, seconds)


def deliveries(settings: NotifySettings, notification: Notification) -> list[Errand]:
    """Start to send a notification to every receiver, side by side."""
    return [
        Errand(f"Notification {number} ({scheme_of(url.reveal())})", _delivery(url, notification))
        for number, url in enumerate(settings.urls, 1)
    ]


def _delivery(url: Secret, notification: Notification) -> Callable[[], str | None]:
    return lambda: deliver(url.reveal(), notification.title, notification.body, notification.kind)


def _limit(settings: NotifySettings, exit_code: int) -> float:
    """Return the longest wait after a run that ended like this."""
    is_interrupted = failure_kind(exit_code) == INTERRUPTED
    return min(settings.seconds, _INTERRUPTED_SECONDS) if is_interrupted else settings.seconds


@contextmanager
def _failures_logged() -> Iterator[None]:
    """Log what goes wrong while people are told. It does not change how the run has ended."""
    try:
        yield
    except Ending:
        log.warning("Told to end: some pings or notifications of this run may not be sent")
    except Exception:
        log.exception("Pings and notifications of this run may not have been sent")


def _await(errands: Iterable[Errand], deadline: float) -> None:
    for errand in errands:
        if problem := errand.problem(deadline - time.monotonic()):
            log.warning("%s was not delivered: %s", errand.name, problem)
        else:
            log.debug("%s was delivered", errand.name)
