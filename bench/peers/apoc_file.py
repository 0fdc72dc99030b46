"""APOC's export to a file on the server, `gzip`, and an upload.

    python -m bench.peers.apoc_file IMPORT_DIRECTORY

The options are those of APOC's documentation for cypher-shell. The file does not stay.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final, LiteralString

from neo4j import Driver

from bench.connections import open_driver
from bench.peers.upload import upload

_NAME: Final = "export.cypher"
_EXPORT: Final[LiteralString] = """CALL apoc.export.cypher.all($name, {
  format: 'cypher-shell', useOptimizations: {type: 'UNWIND_BATCH', unwindBatchSize: 20}})"""


def export(driver: Driver, import_directory: Path) -> Path:
    """Have APOC write a database's script, and return it, gzipped."""
    with driver.session() as session:
        session.run(_EXPORT, name=_NAME).consume()
    script = import_directory / _NAME
    subprocess.run(["gzip", "-6", "--force", str(script)], check=True)
    return script.with_name(f"{_NAME}.gz")


def main(import_directory: Path) -> None:
    """Make a backup."""
    with open_driver() as driver:
        archive = export(driver, import_directory)
    upload(archive)
    archive.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
