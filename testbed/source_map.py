"""The source map of CONTRIBUTING.md: what each package and each module is for.

`python -m testbed.source_map` writes it, from the first line of each module's docstring.
"""

from __future__ import annotations

import ast
from pathlib import Path

from testbed.document import Section

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "CONTRIBUTING.md"
SECTION = Section("source-map")
PACKAGES = (
    "core",
    *(f"archive{part}" for part in ("", "/cells", "/text", "/storage", "/foreign")),
    "config",
    "graph",
    "bucket",
    "run",
    "monitoring",
    "restore",
    "backup",
    "commands",
)
"""From low to high: a package imports from those before it."""


def source_map() -> str:
    """Return a heading for each package, and a line for each of its modules."""
    return "\n\n".join(_described(ROOT / "neo4j_r2" / package) for package in PACKAGES)


def _described(package: Path) -> str:
    name = package.relative_to(ROOT)
    modules = sorted(path for path in package.glob("*.py") if path.name != "__init__.py")
    lines = [f"- `{path.name}`: {_first_line(path)}" for path in modules]
    return "\n".join([f"**`{name}/`** {_first_line(package / '__init__.py')}", "", *lines])


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


if __name__ == "__main__":
    SECTION.write(DOCUMENT, source_map())
