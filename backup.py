#!/usr/bin/env python3
"""Backs up a live Neo4j database to Cloudflare R2.

    python3 backup.py [COMMAND]

neo4j_r2/main.py reads the command line and runs the command: the module of that name in
neo4j_r2/commands. An installed package has the same program as `neo4j-r2-backup`.

README.md explains the configuration, docs/design.md the format and the guarantees.
"""

import sys

# Older versions cannot even load what follows, so they are told before it.
if sys.version_info < (3, 11):  # noqa: UP036 - the interpreter need not be the project's own
    version = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write(f"[ERROR] This is Python {version}, and backup.py needs 3.11 or newer\n")
    sys.exit(2)

from neo4j_r2.main import main

if __name__ == "__main__":
    sys.exit(main())
