"""The libraries that there are scripts for, as the scripts themselves describe them."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(__file__).parent / "libraries"

# What Python's packaging guide calls inline script metadata.
_METADATA = re.compile(r"^# /// script\n((?:#(?: .*)?\n)+?)# ///$", re.MULTILINE)


@dataclass(frozen=True)
class Library:
    """A library, pinned to one version."""

    name: str
    """The name of its script."""
    package: str
    version: str
    about: str
    """What the script writes, how it searches, and what is a fake."""

    @property
    def title(self) -> str:
        """The name and version by which people know it."""
        return f"{self.package} {self.version}"

    @property
    def lock(self) -> Path:
        """The file that pins the library and all that it needs."""
        return DIRECTORY / f"{self.name}.txt"


def libraries() -> dict[str, Library]:
    """Return all libraries by the names of their scripts."""
    scripts = (path for path in sorted(DIRECTORY.glob("*.py")) if path.name != "__init__.py")
    return {path.stem: described(path.stem, path.read_text("utf-8")) for path in scripts}


def described(name: str, script: str) -> Library:
    """Return the library of a script; its first dependency is the library.

    :raises ValueError: if the script does not say so.
    """
    metadata = _METADATA.search(script)
    about = ast.get_docstring(ast.parse(script))
    if metadata is None or about is None:
        raise ValueError(f"{name} lacks its metadata or its docstring")
    lines = (line.removeprefix("#").removeprefix(" ") for line in metadata[1].splitlines())
    pin = tomllib.loads("\n".join(lines))["dependencies"][0]
    package, _, version = pin.partition("==")
    return Library(name, package, version, " ".join(about.split()))
