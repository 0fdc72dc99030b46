"""The servers' jars, resolved from Maven Central once for each version of their pom."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from testbed.java import JavaError

Kind = Literal["neo4j", "neo4j-calendar", "apoc", "cypher-shell", "s3proxy"]

PROJECT_ROOT = Path(__file__).resolve().parent.parent
CACHE = PROJECT_ROOT / ".testbed" / "jars"
_POMS = Path(__file__).resolve().parent / "poms"
_STAMP = "pom.sha256"


def resolve(kind: Kind) -> Path:
    """Return the directory with the jars of `kind`; Maven resolves them when the pom is new.

    Safe to call from several processes at once: one resolves and the others wait for it, and a
    directory appears complete or not at all.
    Raises JavaError when Maven is missing or fails.
    """
    pom = _POMS / f"{kind}.xml"
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    directory = CACHE / kind
    if _stamp(directory) != digest:
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / ".lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _stamp(directory) != digest:
                _resolve_into(directory, pom, digest)
    return directory


def version(kind: Kind) -> str:
    """Return the version of the main jar of `kind`: its pom has the same."""
    found = re.search("<version>(.+)</version>", (_POMS / f"{kind}.xml").read_text("utf-8"))
    return found.group(1) if found else "of an unknown version"


def _stamp(directory: Path) -> str | None:
    try:
        return (directory / _STAMP).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def _resolve_into(directory: Path, pom: Path, digest: str) -> None:
    print(f"Resolving the jars of {pom.stem} from Maven Central ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=f".{pom.stem}-") as scratch:
        jars = Path(scratch) / "jars"
        _copy_dependencies(pom, jars)
        (jars / _STAMP).write_text(digest, encoding="ascii")
        _put_in_place(jars, directory, digest, Path(scratch) / "replaced")


def _copy_dependencies(pom: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise JavaError("mvn (Apache Maven) is not on PATH: it resolves the test servers' jars")
    command = [maven, "-q", "-B", "-f", os.fspath(pom), "dependency:copy-dependencies"]
    # Both outside the poms' folder: Maven would leave a "target" folder beside them.
    command += [f"-DoutputDirectory={jars}", f"-DbuildDirectory={jars.parent / 'target'}"]
    finished = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        reason = (finished.stdout + finished.stderr).strip() or "no output"
        raise JavaError(f"Maven could not resolve {pom.stem}: {reason.splitlines()[0]}")


def _put_in_place(jars: Path, directory: Path, digest: str, replaced: Path) -> None:
    """Rename `jars` to `directory`; when another process was faster, its result is kept."""
    if directory.exists() and _stamp(directory) != digest:
        directory.rename(replaced)
    try:
        jars.rename(directory)
    except OSError:
        if _stamp(directory) != digest:
            raise
