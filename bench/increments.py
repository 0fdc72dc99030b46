"""Increments of one graph beside full backups of it, and the restore of a chain of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, LiteralString

from bench import records
from bench.measure import Usage
from bench.options import Options
from bench.records import Graph, Journal, Sample
from bench.stage import BACKUP, ContenderError, Stage

_INCREMENTS: Final = 24
"""In the chain that is restored."""
_CHANGES: Final[tuple[LiteralString, ...]] = (
    "MATCH (n) WHERE id(n) % 100 = $part SET n.changed = $part",
    "MATCH ()-[r]->() WHERE id(r) % 100 = $part SET r.changed = $part",
)
"""Change one entity in a hundred, all over the graph."""
_MANIFEST: Final = ".manifest.json"


class Increments:
    """A service with one bucket and one state directory, and the graph that it backs up."""

    def __init__(self, stage: Stage, graph: Graph, session: str, options: Options) -> None:
        """Prepare; nothing is run."""
        self._stage = stage
        self._graph = graph
        self._session = session
        self._options = options
        self._bucket = stage.new_bucket()
        self._parts: Iterator[int] = iter(range(100))

    def compare(self, journal: Journal) -> None:
        """Make full backups, increments and idle ones in turns; then restore a chain."""
        for number in range(self._options.warm_up + self._options.repeat):
            samples = [
                self._back_up(records.OURS, "--full"),
                self._back_up_changed(),
                self._back_up(records.IDLE),
            ]
            for sample in samples if number >= self._options.warm_up else ():
                journal.add(sample)
        self._back_up(records.OURS, "--full")
        full = str(self._newest()["archive_key"])
        for _ in range(_INCREMENTS):
            self._back_up_changed()
        newest = self._newest()
        if len(newest["needs"]) != _INCREMENTS:
            raise ContenderError(f"the chain has {len(newest['needs'])} archives")
        keys = {records.OURS: full, records.CHAIN: str(newest["archive_key"])}
        for number in range(self._options.warm_up + self._options.repeat):
            for contender, key in keys.items():
                usage = self._restore(key)
                if number >= self._options.warm_up:
                    journal.add(self._sample("chain", contender, usage, 0))

    def _back_up_changed(self) -> Sample:
        part = next(self._parts)
        with self._stage.source.driver() as driver:
            for change in _CHANGES:
                driver.execute_query(change, part=part)
        sample = self._back_up(records.INCREMENT)
        if self._newest()["kind"] != "incremental":
            raise ContenderError(f"a full backup was made:\n{self._stage.log_tail()}")
        return sample

    def _back_up(self, contender: str, *arguments: str) -> Sample:
        time.sleep(1)  # a key has whole seconds, and an increment is later than its base
        before = set(self._stage.stored(self._bucket))
        usage = self._run(BACKUP, "backup", *arguments)
        objects = self._stage.stored(self._bucket)
        stored = sum(size for key, size in objects.items() if key not in before)
        return self._sample("increment", contender, usage, stored)

    def _restore(self, key: str) -> Usage:
        stage = self._stage
        stage.target.reset()
        usage = stage.run([BACKUP, "restore", key], self._bucket, stage.target)
        stage.require_success(usage)
        return usage

    def _run(self, *arguments: str) -> Usage:
        stage = self._stage
        usage = stage.run(
            arguments,
            self._bucket,
            stage.source,
            BACKUP_FULL_EVERY_DAYS="7",
            BACKUP_STATE_DIR=str(self._state),
        )
        stage.require_success(usage)
        return usage

    @property
    def _state(self) -> Path:
        directory = self._stage.directory / "state-of-increments"
        directory.mkdir(exist_ok=True)
        return directory

    def _newest(self) -> dict[str, str | list[str]]:
        """Return the manifest of the newest backup."""
        key = max(key for key in self._stage.stored(self._bucket) if key.endswith(_MANIFEST))
        body = self._stage.s3.client().get_object(Bucket=self._bucket, Key=key)["Body"]
        manifest: dict[str, str | list[str]] = json.loads(body.read())
        return manifest

    def _sample(
        self, subject: records.Subject, contender: str, usage: Usage, stored: int
    ) -> Sample:
        return Sample(self._session, subject, self._graph, contender, True, usage, stored)
