#!/usr/bin/env python3
"""Backs up a live Neo4j database to Cloudflare R2.

    python3 backup.py [COMMAND]

neo4j_r2/main.py reads the command line and runs the command: the module of that name in
neo4j_r2/commands. An installed package has the same program as `neo4j-r2-backup`.

README.md explains the configuration, docs/design.md the format and the guarantees.
"""

from __future__ import annotations

import sys

from neo4j_r2.main import main

if __name__ == "__main__":
    sys.exit(main())
