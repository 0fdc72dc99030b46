"""Parses the command line: here every command and every option is defined, with its help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from neo4j_r2.commands.options import Options, RestoreOptions, VerifyOptions, options_of
from neo4j_r2.config import parsers
from neo4j_r2.config.parsers import LATEST

_KEY_HELP: Final = f"an archive's key, or {LATEST} (the default)"


def parse_arguments(arguments: Sequence[str]) -> tuple[str, Options]:
    """Return the command and its options; exit with 2 if they are wrong, as a configuration does.

    Without arguments the command is `backup`.
    """
    parser = argparse.ArgumentParser(description="Backs up a live Neo4j database to Cloudflare R2.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_database(
        commands.add_parser("backup", help="make one backup of each database (the default)")
    )
    _add_list(commands.add_parser("list", help="list the backups in the bucket"))
    commands.add_parser("status", help="show schedule, last runs, storage and its cost")
    _add_prune(commands.add_parser("prune", help="remove the backups that no retention rule keeps"))
    _add_restore(commands.add_parser("restore", help="restore a backup, or a file"))
    _add_verify(
        commands.add_parser("verify", help="read backups back, and check that they are good")
    )
    _add_notify(commands.add_parser("notify", help="send a notification to every receiver"))
    commands.add_parser("check", help="check the configuration, show it, print the schedule")
    commands.add_parser("wait", help="wait until Neo4j accepts the login; try the bucket")
    commands.add_parser("supervise", help="run crond; the container's first process")
    commands.add_parser("metrics", help="serve Prometheus metrics and the health at METRICS_PORT")
    _add_json(
        commands.add_parser("health", help="say whether backups succeed when due; exit 1 if not"),
        "a line",
    )
    parsed = parser.parse_args(arguments or ["backup"])
    options = options_of(parsed)
    if problem := _problem(options):
        parser.error(problem)
    return parsed.command, options


def _problem(options: Options) -> str | None:
    """Return why options do not go together, None if they do."""
    for name, value in vars(options).items():
        if value == "":  # a variable of the shell that is not set
            return f"{name.replace('_', '-')} is empty"
    if isinstance(options, RestoreOptions):
        if options.from_file and (options.key or options.at):
            return "--from-file names the archive: leave out KEY and --at"
        if options.key not in (None, LATEST) and options.at:
            return "--at chooses among all backups: leave out KEY"
    if isinstance(options, VerifyOptions) and options.all and (options.key or options.drill):
        return "--all takes no KEY and no --drill"
    return None


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_database(parser)
    _add_json(parser, "a table")


def _add_json(parser: argparse.ArgumentParser, instead_of: str) -> None:
    parser.add_argument(
        "--json", action="store_true", help=f"one JSON document instead of {instead_of}"
    )


def _add_prune(parser: argparse.ArgumentParser) -> None:
    _add_database(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be removed, but change nothing"
    )
    parser.add_argument(
        "--accept-shrink",
        action="store_true",
        help="record that the newest backup may be as small as it is",
    )


def _add_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help=_KEY_HELP)
    _add_database(parser)
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="the latest backup that is not newer than TIME, as list shows it (in TZ)",
    )
    parser.add_argument("--from-file", metavar="PATH", help="restore an archive that is a file")
    _add_identity(parser)
    parser.add_argument(
        "--to-uri", metavar="URI", help="restore into another Neo4j; RESTORE_NEO4J_USER logs in"
    )
    parser.add_argument(
        "--to-database", type=_database, metavar="DB", help="restore into another database"
    )
    parser.add_argument("--force", action="store_true", help="replace what the database holds")
    parser.add_argument(
        "--no-safety-backup", action="store_true", help="with --force: make no backup of it first"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything, but change nothing"
    )
    parser.add_argument(
        "--skip-verify", action="store_true", help="do not read the whole archive first"
    )
    parser.add_argument(
        "--allow-any-statement",
        action="store_true",
        help="also run statements that are in no known grammar; only for files that you trust",
    )


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help=_KEY_HELP)
    _add_database(parser)
    parser.add_argument("--all", action="store_true", help="every backup under the prefix")
    _add_identity(parser)
    parser.add_argument(
        "--drill", metavar="URI", help="restore into an empty scratch Neo4j, and compare"
    )


def _add_notify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--test",
        action="store_true",
        required=True,
        help="send a message that says that it is a test",
    )


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", type=_database, metavar="DB", help="this database instead of NEO4J_DATABASE"
    )


def _add_identity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--identity",
        metavar="FILE",
        help="the private keys for an encrypted backup, as age-keygen writes them; - reads them "
        "from standard input",
    )


def _database(text: str) -> str:
    try:
        return parsers.database(text).lower()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
