"""The program behind `backup.py` and the console script: it finds the command and runs it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.service_settings import requested_log_format, requested_state_directory
from neo4j_r2.config.variables import read_dotenv
from neo4j_r2.core import log as logs
from neo4j_r2.run import memory
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.privileges import become_owner
from neo4j_r2.run.signals import ignore_signals, raise_on_signals

DOTENV: Final = Path(".env")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; if it fails, log one line that says why.

    :param arguments: None means the arguments of the process.
    """
    command, options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logs.set_up("info", "text")
    exit_code = conclude(lambda: run(command, options))
    ignore_signals()
    memory.skip_last_collection()
    return exit_code


def run(command: str, options: Options) -> int:
    """Run a command with the variables of the environment and of `.env`."""
    dotenv = read_dotenv(DOTENV)
    memory.set_up()
    logs.set_up("info", requested_log_format(os.environ, dotenv))
    if command != "supervise":  # it starts crond, and only root can do that
        become_owner(requested_state_directory(os.environ, dotenv))
        raise_on_signals()
    module = importlib.import_module(f"neo4j_r2.commands.{command}")
    exit_code: int = module.run(Invocation(options, os.environ, dotenv))
    return exit_code
