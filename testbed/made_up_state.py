"""A state directory of a service that never ran, for looks at its page: lively, failed, hostile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

from neo4j_r2.archive.manifest import FULL, INCREMENTAL
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.run.drill_state import (
    Drill,
    DrilledDatabase,
    DrillFile,
    DrillRun,
    DrillState,
    ProofState,
)
from neo4j_r2.run.ending import KEPT
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.restore_points import (
    DatabasePoints,
    RestorePoint,
    RestorePoints,
    RestorePointsFile,
)
from neo4j_r2.run.state import Attempt, BackupState, DatabaseState, RunState, State, StateFile

ZONE: Final = ZoneInfo("Europe/Berlin")
VARIABLES: Final = {
    "TZ": str(ZONE),
    "BACKUP_SCHEDULE": "0 */6 * * *",
    "DRILL_SCHEDULE": "0 4 * * *",
    "BACKUP_HOST_NAME": "graph/neo4j-backup",
}
"""The variables of this service."""
PREFIX: Final = "neo4j-backup"
HOSTILE: Final = (
    "<script>document.title='x'</script>",
    "\"'><img src=x onerror=alert(1)>",
    "]]></style></svg><b>",
    "&lt;&amp;\u202egnol\u2066 \u200e\x07\x1b[31m\udc80",
    500 * "w",
    "",
)
"""Texts that would be more than texts on a page that does not escape them."""
_STEP: Final = timedelta(hours=6)
_NODES: Final = 1_284_310
_RELATIONSHIPS: Final = 3_204_118
_DAYS: Final = 36
"""How old the oldest restore point is."""
_DENSE_DAYS: Final = 8
"""For how long each restore point is kept; after that, one a day is."""
_FAILED: Final = (9, 21)
"""Which runs failed, counted back from the last one."""
_PROCESS: Final = ProcessId(1, 1)


@dataclass(frozen=True)
class MadeUp:
    """What the files of a state directory hold."""

    state: State
    drills: DrillState | None
    points: RestorePoints | None

    def write(self, directory: Path) -> Self:
        """Write the files."""
        StateFile(directory).write(self.state)
        if self.drills:
            DrillFile(directory).write(self.drills)
        if self.points:
            RestorePointsFile(directory).write(self.points)
        return self


def fresh(now: datetime) -> MadeUp:
    """Return what is known of a service that has just started, and has no backup."""
    since = now - timedelta(minutes=1)
    known = {"neo4j": DatabaseState(since)}
    return MadeUp(State(since, expected=("neo4j",), databases=known), DrillState(since), None)


def lively(now: datetime, databases: Sequence[str] = ("neo4j",), *, suffix: str = "") -> MadeUp:
    """Return what is known after five weeks of backups, increments and drills.

    :param suffix: ends the keys of all archives; `.age` stands for encrypted ones.
    """
    since = now - timedelta(days=_DAYS)
    made = [_Database(name, now, suffix) for name in databases]
    last = made[0].attempts[-1]
    return MadeUp(
        State(
            since,
            expected=tuple(databases),
            last_run=RunState(last.started, _PROCESS, last.finished, 0),
            databases={each.name: each.state() for each in made},
        ),
        DrillState(since, databases={each.name: each.drilled() for each in made}),
        RestorePoints(
            "company-backups",
            PREFIX,
            last.finished,
            {each.name: each.stored() for each in made},
        ),
    )


def failed(now: datetime) -> MadeUp:
    """Return the same with a last run that failed, and a last drill that did."""
    made = lively(now)
    known, drills, points = made.state.of("neo4j"), made.drills, made.points
    assert drills is not None
    assert points is not None
    error = "R2 connection failed: 403 Forbidden for bucket company-backups; check the API token"
    last = replace(known.attempts[-1], exit_code=4, error=error, archive_size=0)
    drilled, drill = _failed_drill(drills.of("neo4j"))
    # Without the restore point that this run did not make, and the proof of that drill.
    stored = points.databases["neo4j"]
    left = replace(
        stored,
        points=tuple(
            replace(each, is_proved=each.is_proved and each.key != drill.archive_key)
            for each in stored.points[:-1]
        ),
        backups=stored.backups - 1,
    )
    before = left.points[-1]
    backup = known.last_backup
    assert backup is not None
    known = replace(
        known,
        last_backup=replace(
            backup, started=before.taken, archive_key=before.key, archive_size=before.size
        ),
        attempts=(*known.attempts[:-1], last),
        pause="the newest backup has 120 entities, the one before it 4,488,428",
    )
    run = DrillRun(drill.started, _PROCESS, drill.finished, drill.exit_code, drill.error, "neo4j")
    ended = RunState(last.started, _PROCESS, last.finished, last.exit_code, error)
    return MadeUp(
        replace(made.state, last_run=ended).with_database("neo4j", known),
        replace(drills, run=run).with_database("neo4j", drilled),
        replace(points, databases={"neo4j": left}),
    )


def _failed_drill(drilled: DrilledDatabase) -> tuple[DrilledDatabase, Drill]:
    """Return the drills with a last one that failed by an answer, and that one."""
    *earlier, last = drilled.drills
    failed_drill = replace(
        last,
        exit_code=5,
        error="The drill failed: 1 of 6 questions: every entity has a name",
        questions_failed=("every entity has a name",),
    )
    proof = drilled.last_proof
    assert proof is not None
    proof = replace(
        proof,
        started=earlier[-1].started,
        finished=earlier[-1].finished,
        archive_key=earlier[-1].archive_key,
        backup_started=earlier[-1].started - timedelta(hours=4),
    )
    return replace(drilled, last_proof=proof, drills=(*earlier, failed_drill)), failed_drill


def hostile(now: datetime) -> MadeUp:
    """Return a state whose names, keys and errors are hostile, wherever the files take them."""
    made = lively(now, HOSTILE[:-1])
    state, drills, points = made.state, made.drills, made.points
    assert drills is not None
    assert points is not None
    for text in HOSTILE[:-1]:
        known = state.of(text)
        bad = replace(known.attempts[-1], exit_code=1, error=text)
        state = state.with_database(
            text,
            replace(known, attempts=(*known.attempts, bad), pause=text),
        )
        drilled = drills.of(text)
        drill = replace(drilled.drills[-1], exit_code=1, error=text, archive_key=text)
        drills = drills.with_database(text, replace(drilled, drills=(drill,)))
    run = RunState(now, _PROCESS, now, 1, HOSTILE[0])
    hostile_points = {
        name: replace(
            known, points=tuple(replace(each, key=name, kind=name) for each in known.points)
        )
        for name, known in points.databases.items()
    }
    return MadeUp(
        replace(state, last_run=run),
        drills,
        replace(points, bucket=HOSTILE[0], prefix=HOSTILE[1], databases=hostile_points),
    )


class _Database:
    """The past of one database, as its seed draws it."""

    def __init__(self, name: str, now: datetime, suffix: str) -> None:
        self.name = name
        self._random = random.Random(ascii(name))
        self._since = now - timedelta(days=_DAYS)
        self._suffix = suffix
        local = now.astimezone(ZONE).replace(minute=0, second=0, microsecond=0)
        last = local.replace(hour=local.hour - local.hour % 6)
        steps = _DAYS * timedelta(days=1) // _STEP
        # Backwards by the clock of the zone, and a second late, as crond is.
        times = [last - step * _STEP + timedelta(seconds=1) for step in range(steps)]
        self._times = [time.astimezone(now.tzinfo) for time in reversed(times)]
        failed_times = {self._times[-1 - each] for each in _FAILED}
        self._points = [
            self._point(time, now)
            for time in self._times
            if time not in failed_times
            and (now - time < timedelta(days=_DENSE_DAYS) or time.astimezone(ZONE).hour == 0)
        ]
        by_time = {each.taken: each for each in self._points}
        self.attempts = tuple(
            self._attempt(time, by_time.get(time), is_failed=time in failed_times)
            for time in self._times[-KEPT:]
        )
        self._drills = tuple(self._drill(each) for each in self._points if each.is_proved)
        safety = self._point(now - timedelta(days=12, hours=3), now)
        self._points.append(
            replace(safety, kind=FULL, size=414_104_233, is_proved=False, is_before_restore=True)
        )
        self._points.sort(key=lambda each: each.taken)

    def state(self) -> DatabaseState:
        """Return what the state file knows of it."""
        newest, stored = self._points[-1], self.stored()
        last = BackupState(
            newest.taken,
            newest.taken + timedelta(seconds=26),
            newest.key,
            newest.size,
            _NODES,
            _RELATIONSHIPS,
            "A1B2",
        )
        usage = Usage(stored.backups, stored.size)
        return DatabaseState(self._since, last, self.attempts, stored=usage, pause="")

    def drilled(self) -> DrilledDatabase:
        """Return what is known of its drills."""
        last = self._drills[-1]
        proof = ProofState(
            last.started,
            last.finished,
            last.archive_key,
            last.started - timedelta(hours=4),
            restore_seconds=last.seconds["check"] + last.seconds["restore"],
            nodes=_NODES,
            relationships=_RELATIONSHIPS,
            is_stored=True,
        )
        return DrilledDatabase(self._since, proof, self._drills[-30:])

    def stored(self) -> DatabasePoints:
        """Return its restore points."""
        size = sum(each.size for each in self._points)
        return DatabasePoints(tuple(self._points), len(self._points), size)

    def _point(self, taken: datetime, now: datetime) -> RestorePoint:
        local = taken.astimezone(ZONE)
        is_full = local.weekday() == 6 and local.hour == 0
        size = self._random.randint(405_000_000, 425_000_000) if is_full else self._small()
        name = BackupName(PREFIX, self.name, taken)
        return RestorePoint(
            taken=taken.replace(microsecond=0),
            key=f"{name.archive_key(compressed=True)}{self._suffix}",
            size=size,
            kind=FULL if is_full else INCREMENTAL,
            is_proved=local.hour == 0 and now - taken > timedelta(hours=5),
            is_before_restore=False,
        )

    def _small(self) -> int:
        return round(self._random.lognormvariate(16.6, 0.6))

    def _attempt(self, time: datetime, point: RestorePoint | None, *, is_failed: bool) -> Attempt:
        if is_failed:
            error = "Neo4j did not answer within 60 s at bolt://neo4j:7687"
            return Attempt(time, time + timedelta(seconds=60), 3, error)
        is_full = point is not None and point.kind == FULL
        seconds = self._random.randint(160, 180) if is_full else self._random.randint(20, 50)
        size = point.size if point else 0
        return Attempt(time, time + timedelta(seconds=seconds), 0, "", size)

    def _drill(self, point: RestorePoint) -> Drill:
        started = point.taken + timedelta(hours=4)
        seconds = {
            "check": round(self._random.uniform(40, 45), 1),
            "restore": round(self._random.uniform(300, 320), 1),
            "compare": round(self._random.uniform(110, 120), 1),
            "ask": 0.4,
            "empty": 11.2,
        }
        finished = started + timedelta(seconds=round(sum(seconds.values())))
        return Drill(started, finished, 0, "", point.key, seconds, questions_asked=6)
