"""`gunzip` of a script into cypher-shell.

python -m bench.peers.cypher_shell ARCHIVE PORT
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, Final, cast

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer

_HEAP: Final = "4g"
"""It reads all of a script before it runs the first statement."""


def main(archive: Path, port: int) -> None:
    """Restore a script."""
    server = Neo4jServer(Path(), port=port, password=os.environ["NEO4J_PASSWORD"])
    with subprocess.Popen(["gunzip", "--stdout", str(archive)], stdout=subprocess.PIPE) as gunzip:
        run_cypher_shell(server, cast(BinaryIO, gunzip.stdout), heap=_HEAP, java_options=())
    if gunzip.returncode != 0:
        raise RuntimeError(f"gunzip ended with exit code {gunzip.returncode}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
