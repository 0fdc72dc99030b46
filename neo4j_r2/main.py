"""The program, for `backup.py` and the console script: finds the command, runs it, concludes."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from neo4j_r2.commands.invocation import Invocation, parse_arguments
from neo4j_r2.config.service_settings import requested_log_format, requested_state_directory
from neo4j_r2.config.variables import read_dotenv
from neo4j_r2.core import log as logs
from neo4j_r2.run import memory
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.privileges import become_owner
from neo4j_r2.run.signals import ignore_signals, raise_on_signals

DOTENV: Final = Path(".env")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, after one line that says what went wrong.

    Without `arguments`, those of the process count.
    """
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logs.set_up("info", "text")
    exit_code = conclude(lambda: run(options))
    ignore_signals()
    memory.spare_last_collection()
    return exit_code


def run(options: Namespace) -> int:
    """Run a command with the variables that it finds."""
    dotenv = read_dotenv(DOTENV)
    memory.set_up()
    logs.set_up("info", requested_log_format(os.environ, dotenv))
    if options.command != "supervise":  # which starts crond, and that is root's
        become_owner(requested_state_directory(os.environ, dotenv))
        raise_on_signals()
    command = importlib.import_module(f"neo4j_r2.commands.{options.command}")
    exit_code: int = command.run(Invocation(options, os.environ, dotenv))
    return exit_code
