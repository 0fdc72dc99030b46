"""A compose project that is started by a test and leaves nothing behind."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.engine import EngineError, docker, run, tail, watch
from testbed.waiting import wait_until

START_SECONDS = 300.0
_PROJECT_LABEL = "com.docker.compose.project"
_SERVICE_LABEL = "com.docker.compose.service"
_ONE_OFF_LABEL = "com.docker.compose.oneoff"
# Containers first: they hold on to the others.
_LISTINGS_AND_REMOVALS = (
    (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
    (("network", "ls", "--quiet"), ("network", "rm")),
    (("volume", "ls", "--quiet"), ("volume", "rm", "--force")),
)


@dataclass(frozen=True)
class Executed:
    """A command in a container that has ended."""

    exit_code: int
    output: str
    """Its standard output and standard error."""


@dataclass(frozen=True)
class State:
    """What the engine says of a container."""

    status: str
    """`created`, `running`, `restarting`, `paused`, `exited` or `dead`."""
    exit_code: int
    """0 while it runs."""
    health: str | None
    """`starting`, `healthy` or `unhealthy`; None without a health check."""
    health_output: str
    """What the last health check printed."""

    @property
    def is_running(self) -> bool:
        """Whether the container's main process lives."""
        return self.status == "running"


class Stack:
    """A compose project of its own; a context manager: leaving it removes all but the images."""

    def __init__(
        self,
        name: str,
        files: Sequence[Path],
        directory: Path,
        variables: Mapping[str, str],
        *,
        env_file: Path | None = None,
    ) -> None:
        """Describe a project; nothing is started yet.

        Its name begins with `name` and ends at random, so that several can run at once. Relative
        paths in `files` count from `directory`. Compose sees `variables`, `env_file` and what
        docker itself needs; not this process's other variables, nor a .env in `directory`.
        """
        self.project = f"{name}-{secrets.token_hex(4)}"
        self._variables = dict(variables)
        self._profiles: set[str] = set()
        self._options = [
            "--ansi=never",
            f"--project-name={self.project}",
            f"--project-directory={directory}",
            f"--env-file={env_file or os.devnull}",
            *(f"--file={file}" for file in files),
        ]

    def build(self, *services: str) -> None:
        """Build the images of `services`, or of all."""
        self._compose("build", *services)

    def up(
        self,
        *services: str,
        wait: bool = False,
        profiles: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        seconds: float = START_SECONDS,
    ) -> None:
        """Create and start `services` and what they depend on, or all of the active `profiles`.

        With `wait` it returns when they run and are healthy, at most `seconds` later. Profiles stay
        active for the calls that follow; `variables` are added for this one. Raises EngineError,
        with the end of the services' logs.
        """
        self._profiles.update(profiles)
        options = ["--wait", f"--wait-timeout={seconds:.0f}"] if wait else []
        try:
            self._compose("up", "--detach", *options, *services, variables=variables)
        except EngineError as error:
            raise EngineError(f"{error}\n{self._log_tails()}") from error

    def execute(
        self,
        service: str,
        *command: str,
        user: str | None = None,
        stdin: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> Executed:
        """Run `command` in the running container of `service`, and wait for its end.

        It runs as the container's user unless `user` names one, with `variables` added to the
        container's.
        """
        options = [f"--user={user}"] if user else []
        options += [f"--env={name}={value}" for name, value in (variables or {}).items()]
        arguments = self._arguments("exec", "--no-TTY", *options, service, *command)
        finished = run(*arguments, variables=self._variables, stdin=stdin, merged=True)
        return Executed(finished.returncode, finished.stdout)

    def run_once(self, service: str, *command: str) -> Executed:
        """Run `command` in a new container of `service`, and wait for its end."""
        arguments = self._arguments("run", "--rm", "--no-TTY", service, *command)
        finished = run(*arguments, variables=self._variables, merged=True)
        return Executed(finished.returncode, finished.stdout)

    def logs(self, service: str) -> str:
        """Everything that `service` has printed, on standard output and standard error."""
        return run("logs", self.container(service), merged=True).stdout

    def wait_for_logs(
        self, service: str, condition: Callable[[str], bool], *, seconds: float, what: str
    ) -> None:
        """Return as soon as `condition` is true of everything that `service` has printed.

        The log is followed, which takes less of the processor than to ask for it again and again.
        It ends when the container does, which may start again. Raises WaitTimeoutError, naming
        `what` was waited for, when the condition is still false after `seconds`.
        """
        deadline = time.monotonic() + seconds

        def is_true() -> bool:
            following = ("logs", "--follow", self.container(service))
            return watch(*following, until=condition, seconds=deadline - time.monotonic())

        wait_until(is_true, seconds=seconds, what=what)

    def start(self, service: str) -> None:
        """Start the stopped container of `service` again, and return at once."""
        self._compose("start", service)

    def stop(self, service: str) -> float:
        """Stop `service` as its grace period allows, and return how many seconds it took."""
        started = time.monotonic()
        self._compose("stop", service)
        return time.monotonic() - started

    @contextmanager
    def paused(self, *services: str) -> Iterator[None]:
        """Let `services` answer nothing, as if their hosts were gone; afterwards they go on."""
        containers = [self.container(service) for service in services]
        docker("pause", *containers)
        try:
            yield
        finally:
            docker("unpause", *containers)

    def kill(self, service: str, signal: str = "SIGKILL") -> None:
        """Send `signal` to the main process of `service`, and return at once."""
        self._compose("kill", f"--signal={signal}", service)

    def container(self, service: str) -> str:
        """The id of the container of `service`, running or not; raises EngineError without one."""
        labels = {_PROJECT_LABEL: self.project, _SERVICE_LABEL: service, _ONE_OFF_LABEL: "False"}
        filters = [f"--filter=label={name}={value}" for name, value in labels.items()]
        found = docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()
        if len(found) != 1:
            raise EngineError(f"{service} has {len(found)} containers in {self.project}, not one")
        return found[0]

    def state(self, service: str) -> State:
        """The state of the container of `service`; raises EngineError without one."""
        return _state(self.container(service))

    def port(self, service: str, port: int) -> int:
        """The host's port that `port` of the running `service` is published on."""
        return int(self._compose("port", service, str(port)).strip().rpartition(":")[2])

    def remove(self) -> None:
        """Remove the project's containers at once, and its networks and volumes.

        By their labels: this works whatever the compose files and variables are worth. Images stay,
        for the next build.
        """
        for listing, removal in _LISTINGS_AND_REMOVALS:
            found = docker(*listing, f"--filter=label={_PROJECT_LABEL}={self.project}").split()
            if found:
                docker(*removal, *found)

    def __enter__(self) -> Stack:
        """Start nothing: that is for `up`."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Remove everything."""
        self.remove()

    def _compose(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        added = {**self._variables, **(variables or {})}
        return docker(*self._arguments(*arguments), variables=added)

    def _arguments(self, *arguments: str) -> list[str]:
        profiles = [f"--profile={profile}" for profile in sorted(self._profiles)]
        return ["compose", *self._options, *profiles, *arguments]

    def _log_tails(self) -> str:
        """The end of each service's log, for a message."""
        of_project = f"--filter=label={_PROJECT_LABEL}={self.project}"
        service_name = f'--format={{{{.Label "{_SERVICE_LABEL}"}}}}'
        services = docker("ps", "--all", of_project, service_name).split()
        tails = (f"The log of {service} ends:\n{tail(self.logs(service))}" for service in services)
        return "\n".join(tails)


def _state(container: str) -> State:
    state = json.loads(docker("inspect", "--format={{json .State}}", container))
    health = state.get("Health")
    checks = (health or {}).get("Log") or [{"Output": ""}]
    return State(
        status=state["Status"],
        exit_code=state["ExitCode"],
        health=health["Status"] if health else None,
        health_output=checks[-1]["Output"],
    )
