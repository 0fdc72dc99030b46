"""Makes sure of the file of drills when the service starts: since when drills are expected.

A backup run does this too, for where the service does not start the runs.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core import clock
from neo4j_r2.core.errors import ConfigurationError, LockedError
from neo4j_r2.run.drill_state import DrillFile, DrillState
from neo4j_r2.run.lock import drill_lock

log = logging.getLogger(__name__)


def expect_drills(service: ServiceSettings) -> None:
    """Expect drills from now on if their schedule is new; without a schedule, expect none.

    While a drill is under way, it alone writes the file. The next start or run then does this. If
    the file cannot be written, that is only a warning.
    """
    file, schedule = DrillFile(service.state_directory), service.drill_due_times
    if _schedule_of(file.read()) == schedule:
        return
    try:
        with suppress(LockedError), drill_lock(service.state_directory):
            file.write(_expecting(file.read(), schedule))
    except ConfigurationError as error:
        log.warning("The schedule of drills is not recorded: %s", error)


def _expecting(drills: DrillState | None, schedule: str) -> DrillState:
    now = clock.now()
    return replace(drills, schedule=schedule, since=now) if drills else DrillState(now, schedule)


def _schedule_of(drills: DrillState | None) -> str:
    return drills.schedule if drills else ""
