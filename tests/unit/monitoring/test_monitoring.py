"""The alert rules, the dashboard and the documentation are valid and fit the metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.core.errors import FAILURE_KINDS, KILLED
from neo4j_r2.monitoring.health_rules import Signs
from neo4j_r2.monitoring.metrics import families
from tests.unit.monitoring.test_drill_metrics import DRILLS, SCHEDULED
from tests.unit.monitoring.test_metrics import NOON, STATE
from tests.unit.process import ROOT, TIMEOUT_SECONDS

DOCS = ROOT / "docs"
RULES = (DOCS / "alert-rules.yml").read_text(encoding="utf-8")
RULE_TESTS = ROOT / "tests" / "unit" / "monitoring" / "alert_rules.yml"
PAGE = (DOCS / "monitoring.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads(
    (DOCS / "grafana-dashboard.json").read_text(encoding="utf-8")
)
SUFFIXES = {"counter": "_total", "info": "_info"}


def exported() -> dict[str, tuple[str, set[str]]]:
    """Return the type and the labels of every metric, by its name in a scrape."""
    signs = Signs(NOON, is_crond_running=True, is_run_alive=False, state=STATE, drills=DRILLS)
    return {
        metric.name + SUFFIXES.get(metric.type, ""): (
            "gauge" if metric.type == "info" else metric.type,
            {label for sample in metric.samples for label in sample.labels},
        )
        for metric in families(signs, SCHEDULED)
    }


def named(text: str) -> set[str]:
    return set(re.findall(r"\bneo4j_backup_\w+", text))


def expressions() -> Iterator[str]:
    """Yield every query of the dashboard, for a choice of databases."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$database", "neo4j|movies")


def test_the_alert_rules_name_only_metrics_that_are_exported() -> None:
    assert len(named(RULES)) > 4
    assert named(RULES) <= exported().keys()


def test_the_dashboard_shows_every_metric_that_can_be_drawn() -> None:
    no_graph = {"info", "running", "last_run_start_timestamp_seconds", "last_run_success"}
    no_graph |= {"last_success_duration_seconds", "last_attempt_timestamp_seconds"}
    no_graph |= {"drill_running", "last_drill_timestamp_seconds"}
    shown = named(json.dumps(DASHBOARD))
    assert shown == exported().keys() - {f"neo4j_backup_{name}" for name in no_graph}


def test_the_documentation_has_a_row_for_each_metric_with_its_type_and_labels() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    documented = {
        f"neo4j_backup_{name}": (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in rows
    }
    assert documented == exported()


def test_the_documentation_names_every_kind_of_failure() -> None:
    paragraph = PAGE.rpartition("`kind` is ")[2]
    assert set(re.findall(r"`(\w+)`", paragraph)) == {*FAILURE_KINDS, KILLED, "locked"}


def test_the_documentation_has_a_row_for_each_alert() -> None:
    alerts = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
    assert re.findall(r"^\| `(Neo4jBackup\w+)` \|", PAGE, re.MULTILINE) == alerts
    tested = set(re.findall(r"Neo4jBackup\w+", RULE_TESTS.read_text(encoding="utf-8")))
    assert tested == set(alerts)


def test_the_dashboard_can_be_imported_with_any_prometheus() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables.keys() == {"datasource", "database"}
    assert variables["datasource"]["type"] == "datasource"
    sources = re.findall(r'"uid": "([^"]*)"', json.dumps(DASHBOARD["panels"]))
    assert set(sources) == {"${datasource}"}
    assert "id" not in DASHBOARD  # which is of one Grafana


def test_each_panel_of_the_dashboard_has_its_own_id_and_place() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


@pytest.fixture
def promtool() -> str:
    """Prometheus's own tool for rules."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("no promtool, which is in Debian's package prometheus")
    return path


def run(*command: str) -> None:
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_prometheus_accepts_the_alert_rules(promtool: str) -> None:
    run(promtool, "check", "rules", str(DOCS / "alert-rules.yml"))


def test_the_alerts_fire_when_they_should_and_not_before(promtool: str) -> None:
    run(promtool, "test", "rules", str(RULE_TESTS))


def test_prometheus_accepts_the_example_configuration(promtool: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.partition("## Prometheus")[2], re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(example, encoding="utf-8")
    (tmp_path / "alert-rules.yml").write_text(RULES, encoding="utf-8")
    run(promtool, "check", "config", str(tmp_path / "prometheus.yml"))


def test_prometheus_accepts_the_dashboard_s_queries(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(expressions())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    run(promtool, "check", "rules", str(path))
