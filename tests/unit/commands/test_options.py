"""The command line becomes one typed record for each command."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.commands.options import (
    BackupOptions,
    CheckOptions,
    HealthOptions,
    ListOptions,
    Options,
    PruneOptions,
    RestoreOptions,
    StatusOptions,
    SuperviseOptions,
    VerifyOptions,
)

RESTORE = RestoreOptions(
    key=None,
    database=None,
    at=None,
    from_file=None,
    identity=None,
    to_uri=None,
    to_database=None,
    force=False,
    no_safety_backup=False,
    dry_run=False,
    skip_verify=False,
    allow_any_statement=False,
)


@pytest.mark.parametrize(
    ("arguments", "command", "options"),
    [
        ([], "backup", BackupOptions(None, full=False)),
        (["backup", "--database", "Graph"], "backup", BackupOptions("graph", full=False)),
        (["health"], "health", HealthOptions(json=False)),
        (["health", "--json"], "health", HealthOptions(json=True)),
        (["status"], "status", StatusOptions(json=False)),
        (["list", "--json"], "list", ListOptions(None, json=True)),
        (["prune", "--dry-run"], "prune", PruneOptions(None, dry_run=True, accept_shrink=False)),
        (["restore"], "restore", RESTORE),
        (
            ["verify", "--drill", "bolt://scratch"],
            "verify",
            VerifyOptions(None, None, all=False, identity=None, drill="bolt://scratch", json=False),
        ),
        (["notify", "--test"], "notify", Options()),
        (["check"], "check", CheckOptions(at_start=False)),
        (["supervise"], "supervise", SuperviseOptions(None, 300, 120)),
    ],
)
def test_each_command_gets_its_own_record(
    arguments: Sequence[str], command: str, options: Options
) -> None:
    assert parse_arguments(arguments) == (command, options)
