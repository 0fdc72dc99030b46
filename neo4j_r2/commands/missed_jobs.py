"""Whether a backup or a drill begins with the service: because it was missed, or is wanted."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.monitoring.drill_rules import cut_short_drill, missed_drill
from neo4j_r2.monitoring.health_probe import latest
from neo4j_r2.monitoring.health_rules import missed
from neo4j_r2.run.drill_state import DrillState
from neo4j_r2.run.state import State

log = logging.getLogger(__name__)

DRILL_DELAY_SECONDS: Final = 60
"""A backup at the start has the run lock by then, and the drill waits for the end of the backup."""


def is_backup_wanted_now(
    settings: ServiceSettings, state: State | None, *, started: datetime, now: datetime
) -> bool:
    """Whether a backup begins with the service; say why, and when the last and the next are.

    :param started: when the service started, before it waited for Neo4j and R2.
    """
    due = missed(state, settings, now, started)
    following = settings.due_after(now)
    known = latest(state) if state else "no backup is known"
    log.info("At the start: %s, due next at %s", known, following.isoformat())
    if settings.run_immediate_backup:
        return True
    if due and settings.catches_up:
        log.info("The backup that was due at %s was missed: making it now", due.isoformat())
        return True
    if due:
        log.warning("The backup that was due at %s was missed", due.isoformat())
    return False


def is_drill_wanted_now(
    settings: ServiceSettings, drills: DrillState | None, *, now: datetime
) -> bool:
    """Whether a drill begins soon after the service: one was missed or cut short; say so."""
    if due := missed_drill(drills, settings, now):
        told = f"The drill that was due at {due.isoformat()} was missed"
    elif began := cut_short_drill(drills, settings):
        told = f"The drill that began at {began.isoformat()} was cut short"
    else:
        return False
    if settings.catches_up:
        log.info("%s: making it in %d s", told, DRILL_DELAY_SECONDS)
    else:
        log.warning("%s", told)
    return settings.catches_up
