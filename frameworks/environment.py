"""A library's own environment, made once for each state of its lock file."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

from frameworks.library import Library
from frameworks.steps import run_step
from testbed.jars import PROJECT_ROOT

DIRECTORY: Final = PROJECT_ROOT / ".testbed" / "frameworks"
_STAMP: Final = "lock.sha256"


def python_of(library: Library) -> Path:
    """Return the Python of a library's environment, which pip fills if the lock file is new.

    :raises StepError: if that fails.
    """
    directory = DIRECTORY / library.name
    python, stamp = directory / "bin" / "python", directory / _STAMP
    digest = hashlib.sha256(library.lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        run_step([sys.executable, "-m", "venv", "--clear", str(directory)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
        run_step([*pip, "--only-binary", ":all:", "-r", str(library.lock)])
        stamp.write_text(digest, encoding="ascii")
    return python
