"""Imports point one way: the program, commands, verbs, nouns, pure modules."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter

import pytest

from tests.unit.process import ROOT

PURE = {
    "accepted",
    "batches",
    "catalog",
    "choose",
    "columns",
    "config",
    "contents",
    "creation",
    "cypher",
    "decode",
    "encryption",
    "errand",
    "errors",
    "fingerprint",
    "foreign",
    "foreign_grammar",
    "foreign_schema",
    "gather",
    "grammar",
    "identities",
    "invocation",
    "kept",
    "listing",
    "literals",
    "log",
    "manifest",
    "notify_settings",
    "pack",
    "pipeline",
    "progress",
    "queries",
    "retention",
    "rows",
    "rules",
    "scanner",
    "schedule",
    "secret",
    "shapes",
    "shrink",
    "split",
    "statements",
    "temporal",
    "transform",
    "unpack",
    "unwind",
    "values",
    "variables",
    "watch",
    "widths",
}
NOUNS = {
    "bucket",
    "bucket_errors",
    "clock",
    "driver",
    "graph",
    "graph_errors",
    "holdings",
    "lock",
    "mark",
    "memory",
    "monitor",
    "privileges",
    "processes",
    "receiver",
    "report",
    "script",
    "shelf",
    "state",
    "state_directory",
    "status",
    "target",
    "upload",
}
"""What every other module of the package is, but for the commands, is a verb."""
PACKAGE = ROOT / "neo4j_r2"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
COMMANDS = {module for module in MODULES if module.startswith("commands.")} - {"commands.__init__"}
EVERY_MODULE = pytest.mark.parametrize("module", [*sorted(MODULES), "backup"])


@cache
def tree(module: str) -> ast.Module:
    path = MODULES.get(module, ROOT / "backup.py")
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(module: str) -> frozenset[str]:
    """Return the dotted names of all that a module imports."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def own_imports(module: str) -> set[str]:
    """Return the modules of the package that a module imports."""
    own = {name.removeprefix("neo4j_r2.") for name in imported(module)}
    return {name for each in own for name in (each, each.rpartition(".")[0]) if name in MODULES}


def importers(library: str) -> set[str]:
    return {
        module
        for module in (*MODULES, "backup")
        if any(name.split(".")[0] == library for name in imported(module))
    }


def rank(module: str) -> int:
    layers = (PURE, NOUNS, MODULES.keys() - COMMANDS, COMMANDS, {"backup"})
    return next(rank for rank, modules in enumerate(layers) if module in modules)


def test_the_layers_name_modules_that_exist() -> None:
    assert MODULES.keys() >= PURE | NOUNS
    assert not PURE & NOUNS


@EVERY_MODULE
def test_a_module_imports_none_of_a_layer_above_its_own(module: str) -> None:
    assert {each for each in own_imports(module) if rank(each) > rank(module)} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    order = list(TopologicalSorter({each: own_imports(each) for each in MODULES}).static_order())
    assert set(order) == MODULES.keys()


@EVERY_MODULE
def test_nothing_imports_the_program_or_a_command(module: str) -> None:
    assert "backup" not in {name.split(".")[0] for name in imported(module)}
    assert not own_imports(module) & COMMANDS


@EVERY_MODULE
def test_nothing_imports_what_only_tests_and_measures_it(module: str) -> None:
    assert not {name.split(".")[0] for name in imported(module)} & {"bench", "testbed", "tests"}


def test_only_the_two_connections_and_values_know_the_driver() -> None:
    assert importers("neo4j") == {"driver", "graph", "graph_errors", "target", "values"}


@pytest.mark.parametrize("library", ["boto3", "botocore"])
def test_only_the_bucket_knows_the_s3_client(library: str) -> None:
    assert importers(library) | {"bucket_errors"} == {"bucket", "bucket_errors"}


@pytest.mark.parametrize(("library", "module"), [("apprise", "receiver"), ("requests", "monitor")])
def test_only_one_module_knows_how_somebody_is_told(library: str, module: str) -> None:
    assert importers(library) == {module}


def test_only_encryption_knows_age_s_library() -> None:
    assert importers("pyrage") == {"encryption"}


def test_only_the_metrics_and_their_command_know_the_metrics_library() -> None:
    assert importers("prometheus_client") == {"metrics", "commands.metrics"}


def test_only_the_command_reads_the_environment() -> None:
    readers = {
        module
        for module in (*MODULES, "backup")
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os")
    }
    assert readers == {"backup"}


def test_only_the_command_ends_the_process() -> None:
    assert {
        module
        for module in (*MODULES, "backup")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr in {"exit", "_exit", "abort"}
    } == {"backup"}
