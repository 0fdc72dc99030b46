"""What `backup.py` is called with: the command line, and the variables it finds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Invocation:
    """One call of the program."""

    options: argparse.Namespace
    """`command`, and what that command takes."""
    environment: Mapping[str, str]
    dotenv: Mapping[str, str]
    """What a file `.env` in the working directory sets."""


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exits with 2 on a wrong one, as on a wrong configuration."""
    parser = argparse.ArgumentParser(
        prog="backup.py", description="Backs up a live Neo4j database to Cloudflare R2."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("backup", help="make one backup (the default)")
    _add_list(commands.add_parser("list", help="list the backups in the bucket"))
    _add_prune(commands.add_parser("prune", help="remove what retention gives up"))
    commands.add_parser("check", help="check the configuration, show it, print the schedule")
    commands.add_parser("wait", help="wait until Neo4j accepts the login; try the bucket")
    commands.add_parser("supervise", help="run crond; the container's first process")
    commands.add_parser("health", help="say whether backups succeed when due; exit 1 if not")
    options = parser.parse_args(arguments)
    options.command = options.command or "backup"
    return options


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")


def _add_prune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="decide, but remove nothing")
