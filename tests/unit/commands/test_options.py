"""The command line becomes one typed record for each command."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.commands.options import (
    BackupOptions,
    CheckOptions,
    DiffOptions,
    DrillOptions,
    FetchOptions,
    HealthOptions,
    ListOptions,
    Options,
    ProofOptions,
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
        (
            ["diff", "old", "latest", "--entities"],
            "diff",
            DiffOptions("old", "latest", None, None, entities=True, json=False),
        ),
        (
            ["fetch", "--output", "-", "--at", "yesterday"],
            "fetch",
            FetchOptions(None, None, "yesterday", None, "-"),
        ),
        (["health"], "health", HealthOptions(json=False)),
        (["health", "--json"], "health", HealthOptions(json=True)),
        (["status"], "status", StatusOptions(json=False)),
        (["list", "--json"], "list", ListOptions(None, json=True)),
        (["proof"], "proof", ProofOptions(None, None, None, json=False)),
        (
            ["proof", "key", "--identity", "-", "--json"],
            "proof",
            ProofOptions("key", None, "-", json=True),
        ),
        (["prune", "--dry-run"], "prune", PruneOptions(None, dry_run=True, accept_shrink=False)),
        (["restore"], "restore", RESTORE),
        (
            ["drill", "latest", "--database", "Movies", "--identity", "-"],
            "drill",
            DrillOptions("latest", "movies", "-"),
        ),
        (["drill"], "drill", DrillOptions(None, None, None)),
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


@pytest.mark.parametrize("command", ["fetch", "restore"])
def test_a_time_and_a_key_do_not_go_together(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments([command, "key", "--at", "yesterday"])
    assert "--at chooses among all backups: leave out KEY" in capsys.readouterr().err
    assert parse_arguments([command, "latest", "--at", "yesterday"])[0] == command
