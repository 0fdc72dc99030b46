"""Runs of the program by forks of a Python that has imported its libraries already.

Half of a short run's time goes to the imports of Neo4j's driver and the S3 client. A fork is a
process of its own, with its own arguments, variables, streams, signals and exit code. It imports
all of the program itself; only the libraries are there.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

_LIBRARIES: Final = ("botocore.client", "neo4j", "orjson", "pyrage", "isal.isal_zlib")


@dataclass(frozen=True)
class Command:
    """What a process is started with."""

    program: Path
    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    stdin: Path


class WarmProcess:
    """A run of `python3 PROGRAM ARGUMENT...` with a file as its input, and a pipe for each output.

    It has the methods of `subprocess.Popen` that tests use.
    """

    def __init__(self, command: Command) -> None:
        context = _context()
        output, child_output = context.Pipe(duplex=False)
        log, child_log = context.Pipe(duplex=False)
        with output, child_output, log, child_log:
            self._process = context.Process(target=_run, args=(command, child_output, child_log))
            self._process.start()
            self.stdout: TextIO = os.fdopen(os.dup(output.fileno()), encoding="utf-8")
            self.stderr: TextIO = os.fdopen(os.dup(log.fileno()), encoding="utf-8")
        assert self._process.pid is not None
        self.pid: Final = self._process.pid

    @property
    def returncode(self) -> int | Any:
        """The exit code, or the negative number of the signal that killed it; None before that."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        :raises subprocess.TimeoutExpired: if the process has not ended after `timeout` seconds.
        """
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("backup.py", timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read both outputs to their ends and wait for the end of the process.

        :raises subprocess.TimeoutExpired: if that takes longer than `timeout` seconds.
        """
        with ThreadPoolExecutor(2) as readers:
            texts = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return texts[0].result(), texts[1].result()

    def send_signal(self, number: int) -> None:
        """Send a signal, if the process has not ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> WarmProcess:
        """Return itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Close the pipes and wait for the end."""
        self.stdout.close()
        self.stderr.close()
        self.wait()


@functools.cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_LIBRARIES, __name__])
    return context


def _run(command: Command, output: Connection, log: Connection) -> None:
    """Become, in a fork, what a new process would be, and run the program."""
    stdin = os.open(command.stdin, os.O_RDONLY)
    for number, stream in enumerate((stdin, output.fileno(), log.fileno())):
        os.dup2(stream, number)
    os.close(stdin)
    output.close()
    log.close()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the run
    os.chdir(command.directory)
    os.environ.clear()
    os.environ.update(command.environment)
    time.tzset()
    sys.argv[:] = [str(command.program), *command.arguments]
    sys.path[0] = str(command.program.parent)
    runpy.run_path(str(command.program), run_name="__main__")
