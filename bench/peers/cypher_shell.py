"""`gunzip` of a script into cypher-shell.

python -m bench.peers.cypher_shell ARCHIVE PORT
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from testbed.cypher_shell import unpack_into_cypher_shell
from testbed.neo4j_server import Neo4jServer

_HEAP: Final = "4g"
"""It reads all of a script before it runs the first statement."""


def main(archive: Path, port: int) -> None:
    """Restore a script."""
    server = Neo4jServer(Path(), port=port, password=os.environ["NEO4J_PASSWORD"])
    unpack_into_cypher_shell(server, archive, heap=_HEAP, java_options=())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
