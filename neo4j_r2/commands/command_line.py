"""Parses the command line: here every command and every option is defined, with its help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final, NoReturn

from neo4j_r2 import __version__
from neo4j_r2.commands.options import (
    FetchOptions,
    Options,
    RestoreOptions,
    VerifyOptions,
    options_of,
)
from neo4j_r2.config import parsers
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.core.secret import has_private_key, without_secrets

_COMPLETION: Final = "the optional dependency: pip install '.[completion]'"
_KEY_HELP: Final = f"an archive's key, or {LATEST} (the default)"


@dataclass(frozen=True)
class _Command:
    """A command, and what its help says."""

    name: str
    help: str
    example: str
    """The arguments of a typical call, without the command itself."""
    what_it_does: str
    """What the example does."""
    add_options: Callable[[argparse.ArgumentParser], object] = lambda _: None


def parse_arguments(arguments: Sequence[str]) -> tuple[str, Options]:
    """Return the command and its options; exit with 2 if they are wrong, as a configuration does.

    Without arguments the command is `backup`.
    """
    parser = _parser()
    if any(map(has_private_key, arguments)):
        parser.error(
            "an argument holds a private key, where the shell's history and other users may see "
            "it: put the key into a file, and give its name (--identity FILE); make a new pair of "
            "keys if others may have seen this one"
        )
    parsed = parser.parse_args(arguments or ["backup"])
    options = options_of(parsed)
    if problem := _problem(options):
        parser.error(problem)
    return parsed.command, options


class _NoCompletion(argparse.Action):
    """Says what `--print-completion` needs, where that is not installed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser.error(f"{self.option_strings[0]} needs {_COMPLETION}")


class _Parser(argparse.ArgumentParser):
    """Shows no password of a URL that is given in a wrong place."""

    def error(self, message: str) -> NoReturn:
        super().error(without_secrets(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        description="Backs up a live Neo4j database to Cloudflare R2, and restores it. Settings "
        "come from the environment and from .env in the working directory.",
        epilog="Run %(prog)s COMMAND --help for the options of a command, with an example. Without "
        "a command, a backup is made.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    if find_spec("shtab"):  # the optional dependency "completion"
        import_module("shtab").add_argument_to(parser)
    else:
        how = f"complete command lines in a shell; needs {_COMPLETION}"
        parser.add_argument("--print-completion", metavar="SHELL", action=_NoCompletion, help=how)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for each in _COMMANDS:
        added = commands.add_parser(
            each.name,
            help=each.help,
            description=f"{each.help[0].upper()}{each.help[1:]}.",
            epilog=f"Example:\n  {f'%(prog)s {each.example}'.rstrip()}\n    {each.what_it_does}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        each.add_options(added)
    return parser


def _problem(options: Options) -> str | None:
    """Return why options do not go together, None if they do."""
    for name, value in vars(options).items():
        if value == "":  # a variable of the shell that is not set
            return f"{name.replace('_', '-')} is empty"
    if isinstance(options, RestoreOptions) and options.from_file and (options.key or options.at):
        return "--from-file names the archive: leave out KEY and --at"
    if (
        isinstance(options, RestoreOptions | FetchOptions)
        and options.at
        and options.key not in (None, LATEST)
    ):
        return "--at chooses among all backups: leave out KEY"
    if isinstance(options, VerifyOptions) and options.all and (options.key or options.drill):
        return "--all takes no KEY and no --drill"
    return None


def _add_backup(parser: argparse.ArgumentParser) -> None:
    _add_database(parser)
    parser.add_argument(
        "--full",
        action="store_true",
        help="make a full backup, also where BACKUP_FULL_EVERY_DAYS allows an incremental one",
    )


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at-start",
        action="store_true",
        help="the container's entrypoint asks: print the jobs of crond, and tell of a failure once",
    )


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_database(parser, "only the backups of this database")
    _add_json(parser, "instead of tables")


def _add_json(parser: argparse.ArgumentParser, how: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print one JSON document {how}")


def _add_status(parser: argparse.ArgumentParser) -> None:
    _add_json(parser, "instead of tables")


def _add_health(parser: argparse.ArgumentParser) -> None:
    _add_json(parser, "instead of a line")


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
    _add_at(parser)
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
        "--skip-verify",
        action="store_true",
        help="do not read the whole archive first, nor try its time zones on the target",
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
    _add_json(parser, "besides the log")


def _add_drill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help=_KEY_HELP)
    _add_database(parser)
    _add_identity(parser)


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help=_KEY_HELP)
    _add_database(parser)
    _add_at(parser)
    _add_identity(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the file to make (default: the archive's own name, without .age, in the working "
        "directory); - writes to standard output: trust that only if the exit code is 0",
    )


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="KEY", help=f"the key of the first backup, or {LATEST}")
    parser.add_argument("second", metavar="KEY", help=f"the key of the second one, or {LATEST}")
    _add_database(parser, f"of which database {LATEST} is meant")
    _add_identity(parser)
    parser.add_argument(
        "--entities", action="store_true", help="also name each node and relationship that differs"
    )
    _add_json(parser, "instead of a table")


def _add_proof(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "key",
        nargs="?",
        metavar="KEY",
        help="the key of the archive (default: of the newest backup that is proved)",
    )
    _add_database(parser)
    _add_identity(parser)
    _add_json(parser, "instead of text")


def _add_notify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--test",
        action="store_true",
        required=True,
        help="send a message that says that it is a test",
    )


def _add_supervise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--failed", type=int, metavar="CODE", help="run no crond, as the service cannot start"
    )
    parser.add_argument(
        "--stay",
        type=int,
        default=300,
        metavar="SECONDS",
        help="how long a service that cannot start shows its health (default: 300)",
    )
    parser.add_argument(
        "--look-every",
        type=int,
        default=120,
        metavar="SECONDS",
        help="how often to look for a Neo4j or an R2 that was away at the start (default: 120)",
    )


def _add_database(
    parser: argparse.ArgumentParser, meaning: str = "this database instead of NEO4J_DATABASE"
) -> None:
    parser.add_argument("--database", type=_database, metavar="DB", help=meaning)


def _add_at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="the latest backup that is not newer than TIME, as list shows it (in TZ)",
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


_COMMANDS: Final = (
    _Command(
        "backup",
        "make one backup of each database (the default)",
        "--database movies",
        "back up the database movies, whatever NEO4J_DATABASE says",
        _add_backup,
    ),
    _Command("list", "list the backups in the bucket", "--json", "for programs", _add_list),
    _Command(
        "status",
        "show the schedule, the last runs, the storage and its cost",
        "",
        "ask the bucket and this host's records, but not Neo4j",
        _add_status,
    ),
    _Command(
        "prune",
        "remove the backups that no retention rule keeps",
        "--dry-run",
        "show which backups would be removed, and why the others are kept",
        _add_prune,
    ),
    _Command(
        "restore",
        "restore a backup, or a file, into a database",
        "--at '2025-10-07 12:00' --force",
        "replace what the database holds by its state of then, after a backup of it",
        _add_restore,
    ),
    _Command(
        "verify",
        "read backups back, and check that they are good",
        "--drill bolt://scratch:7687",
        "restore the latest backup into an empty Neo4j, compare the two, and empty it again",
        _add_verify,
    ),
    _Command(
        "drill",
        "restore the latest backup into the scratch Neo4j, compare the two, and record it",
        "--database movies",
        "drill the latest backup of the database movies, and store the proof beside it",
        _add_drill,
    ),
    _Command(
        "fetch",
        "write a backup into one file, decrypted and whole, for cypher-shell",
        "--at '2025-10-07 12:00' --output graph.cypher.gz",
        "make a file that restores the state of then: gunzip -c FILE | cypher-shell -u neo4j",
        _add_fetch,
    ),
    _Command(
        "diff",
        "say what changed from one backup to another",
        "neo4j_2025-10-07_02-00-00 latest --entities",
        "count what was added, removed and changed since then, and name each of it",
        _add_diff,
    ),
    _Command(
        "proof",
        "show the record of the drill that proved a backup",
        "neo4j_2025-10-08_02-00-00",
        "show what the drill of that backup compared, and how long a restore of it takes",
        _add_proof,
    ),
    _Command(
        "notify",
        "send a notification to every receiver in BACKUP_NOTIFY_URLS",
        "--test",
        "say of each receiver whether it took the test message",
        _add_notify,
    ),
    _Command(
        "check",
        "check the settings, and show them",
        "",
        "end with 0 if all settings are right, or name all that are wrong and end with 2",
        _add_check,
    ),
    _Command(
        "wait",
        "wait until Neo4j accepts the login, and try the bucket",
        "",
        "find out whether a backup could be made now",
    ),
    _Command(
        "supervise",
        "run the cron daemon; the container's first process",
        "",
        "only for the container: it starts this itself",
        _add_supervise,
    ),
    _Command(
        "metrics",
        "serve a page, Prometheus metrics and the health over HTTP, at METRICS_PORT",
        "",
        "serve /, /metrics and /health until a signal ends it",
    ),
    _Command(
        "health",
        "say whether backups succeed when they are due; end with 1 if not",
        "",
        "for Docker's health check, or any other program that watches services",
        _add_health,
    ),
)
