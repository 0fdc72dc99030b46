"""Imports point one way: the program, the commands, and so on down to what all stand on."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter

import pytest

from tests.unit.process import ROOT

FLOORS = (
    {"core"},
    {"archive.cells"},
    {"archive.text", "archive.storage"},
    {"archive.items"},
    {"archive.foreign"},
    {"archive"},
    {"config"},
    {"graph", "bucket"},
    {"run"},
    {"monitoring", "restore"},
    {"backup"},
    {"commands"},
    {"main"},
)
"""Packages, and two modules, from low to high: each imports from those below it and from itself."""
PACKAGE = ROOT / "neo4j_r2"
PATHS = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
MODULES = {module: path for module, path in PATHS.items() if path.name != "__init__.py"}
EVERY_MODULE = pytest.mark.parametrize("module", [*sorted(PATHS), "backup"])


@cache
def tree(module: str) -> ast.Module:
    path = PATHS.get(module, ROOT / "backup.py")
    return ast.parse(path.read_text(encoding="utf-8"))


COMMANDS = {
    module
    for module in MODULES
    if module.startswith("commands.")
    and any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree(module).body)
}


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
        for module in (*PATHS, "backup")
        if any(name.split(".")[0] == library for name in imported(module))
    }


def place(module: str) -> tuple[int, str]:
    """Return a module's floor, and which of the floor's packages it is in."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next(
        (floor, name) for name in names for floor, each in enumerate(FLOORS) if name in each
    )


def is_allowed(module: str, below: str) -> bool:
    here, there = place(module), place(below)
    return here == there or here[0] > there[0]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_its_own_package_and_from_those_below(module: str) -> None:
    assert {each for each in own_imports(module) if not is_allowed(module, each)} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    order = list(TopologicalSorter({each: own_imports(each) for each in MODULES}).static_order())
    assert set(order) == MODULES.keys()


@pytest.mark.parametrize("module", sorted(PATHS.keys() - MODULES.keys()))
def test_a_package_itself_loads_nothing(module: str) -> None:
    assert not imported(module)


def test_each_command_of_the_program_is_found() -> None:
    assert len(COMMANDS) > 10
    assert "commands.backup" in COMMANDS


@EVERY_MODULE
def test_nothing_imports_the_program_or_a_command(module: str) -> None:
    assert "backup" not in {name.split(".")[0] for name in imported(module)}
    assert not own_imports(module) & (COMMANDS if module == "backup" else {*COMMANDS, "main"})


@EVERY_MODULE
def test_nothing_imports_what_only_tests_and_measures_it(module: str) -> None:
    assert not {name.split(".")[0] for name in imported(module)} & {"bench", "testbed", "tests"}


def test_only_the_graph_and_the_encoder_know_the_driver() -> None:
    others = {module for module in importers("neo4j") if place(module)[1] != "graph"}
    assert others == {"archive.cells.encode"}


@pytest.mark.parametrize("library", ["boto3", "botocore"])
def test_only_the_bucket_knows_the_s3_client(library: str) -> None:
    assert {place(module)[1] for module in importers(library)} == {"bucket"}


@pytest.mark.parametrize(
    ("library", "module"), [("apprise", "apprise_receiver"), ("requests", "ping")]
)
def test_only_one_module_knows_how_somebody_is_told(library: str, module: str) -> None:
    assert importers(library) == {f"monitoring.{module}"}


def test_only_encryption_knows_age_s_library() -> None:
    assert importers("pyrage") == {"archive.storage.encryption"}


def test_only_the_metrics_and_their_command_know_the_metrics_library() -> None:
    assert importers("prometheus_client") == {
        "monitoring.metric_families",
        "monitoring.metrics",
        "monitoring.drill_metrics",
        "commands.metrics",
    }


def test_only_the_web_server_knows_its_library() -> None:
    assert importers("waitress") == {"monitoring.web_server"}


def test_only_the_program_reads_the_environment() -> None:
    readers = {
        module
        for module in (*PATHS, "backup")
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os")
    }
    assert readers == {"main"}


def test_only_backup_py_ends_the_process() -> None:
    assert {
        module
        for module in (*PATHS, "backup")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr in {"exit", "_exit", "abort"}
    } == {"backup"}
