"""A child process that logs to a file, is stopped by its pid and never outlives this one."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from testbed.waiting import WaitTimeoutError, wait_until

LOG_TAIL_LINES = 20
STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1

# Linux ties the parent-death signal to the *thread* that forked. This one lives as long as the
# interpreter does, so a server that was started in a short-lived thread isn't killed with it.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="testbed-spawner")
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServerFailedError(RuntimeError):
    """A server ended or wasn't ready in time; the message ends with the last lines of its log."""


def _die_with_parent() -> None:
    """Ask Linux to kill this child when its parent ends, however it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A command in a session of its own, so that a terminal's Ctrl-C reaches only the parent.

    A context manager: entering starts the command, leaving stops it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a child called `name` in messages; `log` is appended to.

        `environment` replaces the inherited one when it is given.
        """
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The running child's process id."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the child was started and hasn't ended."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the command and return at once; see `wait_ready`."""
        if self.running:
            raise ServerFailedError(f"{self.name} is already running")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._child = _spawner.submit(self._spawn).result()

    def wait_ready(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return when `ready()` is true.

        Raises ServerFailedError when the child ends first or isn't ready after `seconds`. The child
        is stopped whenever this raises, on Ctrl-C too.
        """
        try:
            wait_until(lambda: self._ready_and_alive(ready), seconds=seconds, what=self.name)
        except WaitTimeoutError as error:
            self.stop()
            raise ServerFailedError(f"{error}{self._log_tail()}") from error
        except BaseException:
            self.stop()
            raise

    def request_stop(self) -> None:
        """Ask the child to end, and return at once. A suspended child is resumed first."""
        if self._child is not None and self.running:
            self._child.terminate()
            self._child.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Terminate the child, kill it after STOP_SECONDS, and wait for its end."""
        self.request_stop()
        if self._child is None:
            return
        try:
            self._child.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the child, as a power cut would, and wait for its end."""
        child = self._started()
        child.kill()
        child.wait()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Freeze the child while the context is open: connections stay, but nothing answers."""
        self._started().send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._started().send_signal(signal.SIGCONT)

    def __enter__(self) -> "Process":
        """Start the child."""
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the child."""
        self.stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise ServerFailedError(f"{self.name} was not started")
        return self._child

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, loaded before
            )

    def _ready_and_alive(self, ready: Callable[[], bool]) -> bool:
        if not self.running:
            status = self._started().returncode
            raise ServerFailedError(f"{self.name} ended with status {status}{self._log_tail()}")
        return ready()

    def _log_tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])
        return f"; the end of {self.log}:\n{tail}"
