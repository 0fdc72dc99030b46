"""Restores of one graph: every contender in turns, each into the emptied target."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, LiteralString

from bench import archives, records
from bench.options import Options
from bench.peers import apoc_file
from bench.records import Graph, Journal, Sample
from bench.stage import BACKUP, Stage
from bench.steps import write_steps

log = logging.getLogger(__name__)

_PEERS: Final = (records.SHELL_ON_OURS, records.SHELL_ON_APOC)
_COUNT: Final[LiteralString] = """
RETURN COUNT { MATCH (n) } AS nodes, COUNT { MATCH ()-[r]->() } AS relationships"""


class Restores:
    """The contenders, and the graph that they restore."""

    def __init__(self, stage: Stage, graph: Graph, session: str, options: Options) -> None:
        """Prepare; nothing is run."""
        self._stage = stage
        self._graph = graph
        self._session = session
        self._options = options
        self._bucket = ""
        self._archive = self._script = self._steps = Path()

    def compare(self, journal: Journal) -> None:
        """Run all to warm up, then to measure them, in turns; the slow one once, last."""
        self._prepare()
        quick = (records.OURS, records.SHELL_ON_OURS, records.FLOOR)
        slow = () if self._options.skip_slow else (records.SHELL_ON_APOC,)
        for contender in quick * self._options.warm_up:
            self._run(contender)
        for contender in (*quick * self._options.repeat, *slow):
            journal.add(self._run(contender))

    def _prepare(self) -> None:
        """Have the source in every form that a contender restores."""
        stage = self._stage
        self._bucket = archives.back_up(stage)
        self._archive = archives.download(stage, self._bucket)
        self._steps = stage.directory / "steps.pickle"
        write_steps(archives.steps(self._archive), self._steps)
        if not self._options.skip_slow:
            with stage.source.driver() as driver:
                self._script = apoc_file.export(driver, stage.source.import_directory)

    def _run(self, contender: str) -> Sample:
        stage = self._stage
        stage.target.reset()
        usage = stage.run(self._command(contender), self._bucket, stage.target)
        if contender in _PEERS:
            stage.warn_of_failure(usage, contender)
        else:
            stage.require_success(usage)
        has_succeeded = usage.exit_code == 0 and self._is_whole(contender)
        return Sample(self._session, "restore", self._graph, contender, has_succeeded, usage, 0)

    def _command(self, contender: str) -> Sequence[str]:
        match contender:
            case records.OURS:
                return [BACKUP, "restore"]
            case records.SHELL_ON_OURS:
                return self._shell(self._archive)
            case records.SHELL_ON_APOC:
                return self._shell(self._script)
            case _:
                return ["-m", "bench.floor", "write", str(self._steps)]

    def _shell(self, script: Path) -> Sequence[str]:
        return ["-m", "bench.peers.cypher_shell", str(script), str(self._stage.target.port)]

    def _is_whole(self, contender: str) -> bool:
        """Whether the target has as many entities as the source."""
        expected = (self._graph.nodes, self._graph.relationships)
        with self._stage.target.driver() as driver:
            [record] = driver.execute_query(_COUNT).records
        if tuple(record) != expected:
            log.warning("%s restored %s of %s entities", contender, tuple(record), expected)
        return tuple(record) == expected
