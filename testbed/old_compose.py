"""docker-compose 1.29.2, the last one in Python: Debian 12 has it, and many machines still do."""

from __future__ import annotations

import functools
import subprocess
import venv
from typing import Final

from testbed.jars import PROJECT_ROOT

_HOME: Final = PROJECT_ROOT / ".testbed" / "docker-compose-1.29.2"
_OLD: Final = "docker-compose==1.29.2"
_NEEDED: Final = (
    "cached-property",
    "distro",
    "docker<6",
    "dockerpty",
    "docopt",
    "jsonschema<4",
    "python-dotenv<1",
    "PyYAML",
    "requests<2.29",
    "setuptools<70",
    "texttable",
    "urllib3<2",
    "websocket-client<1",
)
"""What it imports. It asks for a PyYAML that cannot be built today, and works with others."""
_SECONDS: Final = 300


class OldComposeError(Exception):
    """It cannot be installed."""


@functools.cache
def program() -> list[str]:
    """Return the command of the program, which is installed from the package index once.

    :raises OldComposeError: if it cannot be installed.
    """
    complete = _HOME / "complete"
    if not complete.exists():
        venv.create(_HOME, clear=True, with_pip=True)
        _install("--no-deps", _OLD)
        _install(*_NEEDED)
        complete.touch()
    # Its own script names the Python of the directory in which it was installed first.
    return [str(_HOME / "bin" / "python"), "-m", "compose"]


def _install(*arguments: str) -> None:
    pip = [str(_HOME / "bin" / "pip"), "install", "--quiet", *arguments]
    try:
        finished = subprocess.run(
            pip, check=False, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise OldComposeError(f"pip takes longer than {_SECONDS} s") from error
    if finished.returncode:
        raise OldComposeError(finished.stderr.strip().splitlines()[-1])
