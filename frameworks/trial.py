"""The trial of one library: it writes, its graph is backed up and restored, and it goes on."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from neo4j.exceptions import DriverError, Neo4jError

from frameworks.act import Act, Answers
from frameworks.environment import python_of
from frameworks.facts import NEW_FACT
from frameworks.library import Library
from frameworks.outcome import Check, Outcome, Size
from frameworks.stage import Look, Stage, look, staged
from frameworks.steps import StepError, run_step
from testbed.cypher_shell import CypherShellError
from testbed.jars import PROJECT_ROOT
from testbed.neo4j_server import Neo4jServer

log = logging.getLogger(__name__)

_FORESEEABLE: Final = (
    StepError,
    CypherShellError,
    DriverError,
    Neo4jError,
    OSError,
    ValueError,
)
_PROBLEM_WIDTH: Final = 300
_NO_TELEMETRY: Final = {
    "DO_NOT_TRACK": "1",
    "GRAPHITI_TELEMETRY_ENABLED": "false",
    "MEM0_TELEMETRY": "false",
}


def tried(library: Library) -> Outcome:
    """Try a library on servers of its own."""
    with staged() as stage:
        return _Trial(library, stage).run()


@dataclass(frozen=True)
class _Original:
    """What a restored graph is compared with."""

    graph: Look
    found: Answers
    found_later: Answers
    """What the library found when it had gone on."""


@dataclass
class _Trial:
    library: Library
    stage: Stage
    size: Size | None = None
    problems: dict[Check, list[str]] = field(default_factory=dict)

    def run(self) -> Outcome:
        """Take all the steps; those that need a failed one are left out."""
        restores: dict[Check, Callable[[], None]] = {
            "restore": self.stage.restore,
            "cypher-shell": self.stage.restore_with_cypher_shell,
        }
        with self._check("backup"):
            original = self._write_and_back_up()
            with self._check("drill"):
                self.stage.run_service("verify", "--drill", self.stage.target.uri)
            for check, restore in restores.items():
                with self._check(check):
                    self.stage.target.reset()
                    restore()
                    self._compare_graph(original)
                    with self._check("answers", after=check):
                        _compare(original.found, self._act("search", self.stage.target))
                    with self._check("goes on", after=check):
                        _compare(original.found_later, self._act("go_on", self.stage.target))
        return Outcome(self.library, self.size, self.problems)

    @contextmanager
    def _check(self, check: Check, after: Check | None = None) -> Iterator[None]:
        log.info("%s: %s", self.library.title, check)
        found = self.problems.setdefault(check, [])
        try:
            yield
        except _FORESEEABLE as error:
            problem = f"after {after}: {error}" if after else str(error)
            found.append(textwrap.shorten(problem, _PROBLEM_WIDTH, placeholder=" …"))
            log.warning("%s: %s: %s", self.library.title, check, found[-1])

    def _write_and_back_up(self) -> _Original:
        source = self.stage.source
        self._act("write", source)
        found = self._act("search", source)
        for question, answers in found.items():
            if not answers:
                raise StepError(f"the library finds nothing when it is asked for {question}")
        graph = look(source)
        self.size = graph.size
        self.stage.run_service("backup")
        found_later = self._act("go_on", source)
        # Mem0 writes names in its own way.
        if NEW_FACT.source.name.lower() not in json.dumps(found_later).lower().replace("_", " "):
            raise StepError("the library does not find what it has added")
        return _Original(graph, found, found_later)

    def _compare_graph(self, original: _Original) -> None:
        if difference := original.graph.difference(look(self.stage.target)):
            raise StepError(difference)

    def _act(self, act: Act, server: Neo4jServer) -> Answers:
        """Let the library act.

        What it keeps in files is as `write` left it, as if it had been backed up with the graph.
        """
        written = self.stage.directory / "files"
        if act == "write":
            written.mkdir()
            return self._run("write", server, written)
        with tempfile.TemporaryDirectory(dir=self.stage.directory) as name:
            files = shutil.copytree(written, Path(name) / "files")
            return self._run(act, server, files)

    def _run(self, act: Act, server: Neo4jServer, files: Path) -> Answers:
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(files),
            "PYTHONPATH": str(PROJECT_ROOT),
            "NEO4J_PASSWORD": server.password,
            **_NO_TELEMETRY,
        }
        module = ["-m", "frameworks.act", self.library.name, act, server.uri]
        python = str(python_of(self.library))
        printed = run_step([python, *module], directory=files, variables=variables)
        answers: Answers = json.loads(printed.splitlines()[-1])
        return answers


def _compare(expected: Answers, found: Answers) -> None:
    """Raise StepError, with what differs, unless the answers are the same."""
    for question, answers in expected.items():
        again = found.get(question, [])
        if answers != again:
            missing = [each for each in answers if each not in again]
            extra = [each for each in again if each not in answers]
            raise StepError(f"{question}: missing {json.dumps(missing)}, extra {json.dumps(extra)}")
