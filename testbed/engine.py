"""Checks the docker command, and runs it against the engine that its environment names."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from threading import Timer

MINIMUM_COMPOSE = (2, 20)
PROBE_SECONDS = 15.0
ERROR_TAIL_LINES = 20


class EngineError(RuntimeError):
    """docker failed or is missing; the message ends with the end of its standard error."""


def unavailable() -> str | None:
    """Say in one line why containers cannot be run here; None if they can."""
    if shutil.which("docker") is None:
        return "there is no docker command on PATH"
    try:
        docker("version", "--format", "{{.Server.Version}}", seconds=PROBE_SECONDS)
    except EngineError as error:
        return f"no docker engine answers: {_reason(error)}"
    try:
        compose = docker("compose", "version", "--short", seconds=PROBE_SECONDS).strip()
    except EngineError:
        return "docker has no compose plugin"
    version = re.match(r"v?(\d+)\.(\d+)", compose)
    if version is None or (int(version[1]), int(version[2])) < MINIMUM_COMPOSE:
        wanted = ".".join(map(str, MINIMUM_COMPOSE))
        return f"docker's compose plugin is {compose}: it has to be at least {wanted}"
    return None


def docker(
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    stdin: str = "",
    seconds: float | None = None,
) -> str:
    """Run docker and return its standard output.

    Its environment is `environment()` and `variables`. Raises EngineError when docker is missing,
    ends with a status other than 0 or takes longer than `seconds`.
    """
    finished = run(*arguments, variables=variables, stdin=stdin, seconds=seconds)
    if finished.returncode != 0:
        reason = tail(finished.stderr)
        raise EngineError(f"{_name(arguments)} ended with status {finished.returncode}:\n{reason}")
    return finished.stdout


def run(
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    stdin: str = "",
    seconds: float | None = None,
    merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run docker as `docker` does, but return also if its status is not 0.

    With `merged`, its standard error becomes part of its standard output.
    """
    try:
        return subprocess.run(
            ["docker", *arguments],
            env={**environment(), **(variables or {})},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise EngineError("there is no docker command on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{_name(arguments)} took longer than {seconds:g} s") from error


def watch(*arguments: str, until: Callable[[str], bool], seconds: float) -> bool:
    """Run docker until `until` is true of all that it has written; whether it became true.

    It does not when docker ends before that, or after `seconds`.
    """
    with subprocess.Popen(
        ["docker", *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as watched:
        assert watched.stdout is not None
        at_the_deadline = Timer(seconds, watched.kill)
        at_the_deadline.start()
        written = ""
        try:
            for line in watched.stdout:
                written += line
                if until(written):
                    return True
        finally:
            at_the_deadline.cancel()
            watched.kill()
    return False


def environment() -> dict[str, str]:
    """Return the variables of this process by which docker finds its engine and its plugins."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in {"HOME", "PATH"} or name.startswith("DOCKER_")
    }


def tail(text: str) -> str:
    """Return the last lines of a log or of an error."""
    return "\n".join(text.strip().splitlines()[-ERROR_TAIL_LINES:])


def _name(arguments: tuple[str, ...]) -> str:
    return " ".join(("docker", *arguments))


def _reason(error: EngineError) -> str:
    """Return the first line that docker wrote, if it wrote any."""
    own, *said = str(error).splitlines()
    return said[0] if said else own
