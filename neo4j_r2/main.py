"""The program behind `backup.py` and the console script: it finds the command and runs it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.commands.options import Options
from neo4j_r2.core import log as logs
from neo4j_r2.run import memory
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.signals import ignore_signals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; if it fails, log one line that says why.

    :param arguments: None means the arguments of the process.
    """
    command, options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logs.set_up("info", logs.LogStyle())
    exit_code = conclude(lambda: run(command, options))
    ignore_signals()
    memory.skip_last_collection()
    return exit_code


def run(command: str, options: Options) -> int:
    """Run a command.

    What needs a package that is not Python's own is only imported here: if it is missing, that is
    an error like any other.
    """
    module = importlib.import_module("neo4j_r2.commands.start_command")
    exit_code: int = module.start_command(command, options, os.environ)
    return exit_code
