"""Starts a command with the variables of the environment and of `.env`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.service_settings import requested_log_style, requested_state_directory
from neo4j_r2.config.variables import read_dotenv
from neo4j_r2.core import log as logs
from neo4j_r2.run import memory
from neo4j_r2.run.privileges import become_owner
from neo4j_r2.run.signals import raise_on_signals

DOTENV: Final = Path(".env")


def start_command(command: str, options: Options, environment: Mapping[str, str]) -> int:
    """Run a command and return its exit code."""
    dotenv = read_dotenv(DOTENV)
    memory.set_up()
    logs.set_up("info", requested_log_style(environment, dotenv))
    if command != "supervise":  # it starts crond, and only root can do that
        become_owner(requested_state_directory(environment, dotenv))
        raise_on_signals()
    with memory.loading():
        module = importlib.import_module(f"neo4j_r2.commands.{command}")
    exit_code: int = module.run(Invocation(options, environment, dotenv))
    return exit_code
