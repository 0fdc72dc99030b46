"""What the page shows: what the health probe sees and what is stored, arranged by database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.monitoring.health_rules import Signs, due
from neo4j_r2.run.drill_state import DrilledDatabase, DrillRun
from neo4j_r2.run.restore_points import DatabasePoints, RestorePoint, RestorePoints
from neo4j_r2.run.state import DatabaseState, State

_FEW_DATABASES: Final = 5
_POINTS_OF_MANY: Final = 50
"""How many restore points of each are shown if there are more databases: each is a row."""


@dataclass(frozen=True)
class View:
    """Everything that the page shows."""

    signs: Signs
    history: State | None
    """The state, with the attempt of a run that was killed and could not record it."""
    points: RestorePoints | None
    """None if nobody has looked yet."""
    settings: ServiceSettings
    host: str
    """The name by which people know this service."""
    is_in_container: bool
    """Whether this is the service's own container."""

    @property
    def now(self) -> datetime:
        """The time at which the signs were seen."""
        return self.signs.now

    @property
    def zone(self) -> tzinfo:
        """The time zone of all times on the page."""
        return self.settings.time_zone

    @property
    def has_drills(self) -> bool:
        """Whether drills are made, or one was made once."""
        return self.settings.drill_schedule is not None or self.signs.drills is not None

    @property
    def drill_run(self) -> DrillRun | None:
        """The run of drills that is under way; None without one."""
        run = self.signs.drills.run if self.signs.drills else None
        is_under_way = run is not None and run.finished is None and self.signs.is_drill_alive
        return run if is_under_way else None

    def databases(self) -> list[DatabaseView]:
        """Return what is known of each database that is backed up, in the order of the backups."""
        state = self.history
        if state is None:
            return []
        return [self._database(name, number, state) for number, name in enumerate(state.expected)]

    def _database(self, name: str, number: int, state: State) -> DatabaseView:
        drills, run = self.signs.drills, self.drill_run
        no_drills = DrilledDatabase(state.since)
        known = self.points.databases.get(name) if self.points else None
        if known and len(state.expected) > _FEW_DATABASES:
            known = replace(known, points=known.points[-_POINTS_OF_MANY:])
        return DatabaseView(
            name=name,
            identity=f"database-{number + 1}",
            state=state.of(name),
            due=due(state, name, self.settings),
            drilled=(drills.of(name) if drills else no_drills) if self.has_drills else None,
            drill_run=run if run and run.database == name else None,
            has_scheduled_drills=self.settings.drill_schedule is not None,
            points=known,
            now=self.now,
            zone=self.zone,
            is_in_container=self.is_in_container,
        )


@dataclass(frozen=True)
class DatabaseView:
    """What the page shows of one database."""

    name: str
    identity: str
    """Begins the ids of the section's parts."""
    state: DatabaseState
    due: datetime
    """When its next backup is due."""
    drilled: DrilledDatabase | None
    """None if no drills are made, and none is known."""
    drill_run: DrillRun | None
    """The run of drills that is under way, if it drills this database now."""
    has_scheduled_drills: bool
    """Whether drills are scheduled: the health probe then tells of those that failed."""
    points: DatabasePoints | None
    """None if they are not known."""
    now: datetime
    zone: tzinfo
    is_in_container: bool

    @property
    def newest_key(self) -> str:
        """The archive's key of the newest restore point that a run made; empty without one."""
        last = self.state.last_backup
        point = self.points.newest if self.points else None
        if point and (last is None or point.taken > last.started):
            return point.key
        return last.archive_key if last else ""

    @property
    def proved_by_another(self) -> RestorePoint | None:
        """The newest proved restore point, if this host has not proved one as new as the latest."""
        proof = self.drilled.last_proof if self.drilled else None
        proved = [each for each in self.points.points if each.is_proved] if self.points else []
        newest = proved[-1] if proved else None
        is_newer = newest and (proof is None or newest.taken > proof.backup_started)
        return newest if is_newer else None

    def is_proved(self, point: RestorePoint) -> bool:
        """Whether a drill has brought a restore point back, here or on another host."""
        proof = self.drilled.last_proof if self.drilled else None
        return point.is_proved or (proof is not None and proof.archive_key == point.key)
