"""Has people told at the end of a backup run that a drill is overdue, once for each due time.

When a drill is overdue, no drill runs that could tell it. Where the service does not start the
runs, a run is also the first that sees a new schedule of drills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neo4j_r2.config.settings import Config
from neo4j_r2.core import clock
from neo4j_r2.core.errors import BackupError
from neo4j_r2.monitoring.drill_notification import drills_overdue
from neo4j_r2.monitoring.drill_rules import overdue_drills, untold
from neo4j_r2.monitoring.notification import Notification
from neo4j_r2.run.drill_state import DrillFile
from neo4j_r2.run.expect_drills import expect_drills
from neo4j_r2.run.state import StateFile
from neo4j_r2.run.told_overdue import ToldOverdue


@contextmanager
def overdue_drills_told(config: Config, tell: Callable[[Notification], None]) -> Iterator[None]:
    """Expect drills before a run in the context, and look for overdue ones after it.

    The run holds the run lock. One that is told to end does not look.

    :param tell: keeps a notification until the run has released the lock.
    """
    expect_drills(config.service)
    try:
        yield
    except BackupError:
        look_for_overdue_drills(config, tell)
        raise
    look_for_overdue_drills(config, tell)


def look_for_overdue_drills(config: Config, tell: Callable[[Notification], None]) -> None:
    """Have people told of overdue drills of which nobody was told; if nobody listens, do nothing.

    :param tell: keeps a notification until the run has released the lock.
    """
    service, notify = config.service, config.notify
    if service.drill_schedule is None or not (notify.urls or notify.ping_url):
        return
    state = StateFile(service.state_directory).read()
    drills = DrillFile(service.state_directory).read()
    if state is None or drills is None:
        return
    told = ToldOverdue(service.state_directory)
    now = clock.now()
    overdue = untold(overdue_drills(state, drills, service, now), drills, told.read())
    if overdue:
        told.record({each.database: each.due for each in overdue})
        tell(drills_overdue(overdue, notify.host, now))
