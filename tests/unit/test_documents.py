"""What the documents say of the configuration is what the code accepts."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from neo4j_r2.config.notify_settings import read_notify_settings
from neo4j_r2.config.settings import read_config
from neo4j_r2.monitoring.apprise_receiver import receiver_problem
from testbed import jars
from tests.unit.process import ROOT

SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "neo4j_r2" / "config").glob("*settings.py"))
)
NAMES = re.findall(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]+|TZ)"', SOURCE)
READ = set(NAMES) - {"XDG_STATE_HOME"}
SECRETS = {
    "NEO4J_PASSWORD",
    "R2_ACCESS_KEY_ID",
    "R2_SECRET_ACCESS_KEY",
    "RESTORE_NEO4J_PASSWORD",
    "BACKUP_NOTIFY_URLS",
    "BACKUP_PING_URL",
}
REFERENCE = "docs/configuration.md"
DOCUMENTS = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").glob("*.md"))]
COMPOSE = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docker-compose*.yml"))
COMPOSE_VARIABLES = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE))
OF_THE_CONTAINER = {"AWS_CA_BUNDLE", "BACKUP_STATE_DIR", "METRICS_ADDRESS"}
"""Paths and addresses, which are others in the container than where Compose runs."""
OF_COMPOSE = {"COMPOSE_FILE", "COMPOSE_PROFILES"}
OF_OTHERS = OF_COMPOSE | {
    "COMPOSE_PROJECT_NAME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
}
"""Variables of Compose and of the HTTP clients."""


@pytest.mark.parametrize("name", [".env.example", ".env.local.example"])
def test_an_example_configuration_names_only_variables_that_exist(name: str) -> None:
    example = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) <= READ | COMPOSE_VARIABLES | OF_OTHERS


def test_the_example_configuration_has_every_variable() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)) >= READ


def test_compose_passes_every_variable_on_and_gives_none_a_default() -> None:
    passed_on = re.findall(r"^ +- ([A-Z0-9_]+)$", COMPOSE, re.MULTILINE)
    capabilities = {"ALL", "SETGID", "SETUID", "KILL"}
    files = {f"{name}_FILE" for name in SECRETS}
    assert set(passed_on) - capabilities - OF_OTHERS == (READ - OF_THE_CONTAINER) | files
    assert set(passed_on) >= OF_OTHERS - OF_COMPOSE
    assert not re.search(r"\$\{(NEO4J_PASSWORD|R2_\w+):?-[^}]", COMPOSE)


def rows(name: str) -> dict[str, str]:
    """Return by variable what a document's tables have in the column of defaults."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]*?) ?\|", text, re.MULTILINE)
    assert len(found) == len(dict(found))
    return dict(found)


def test_the_reference_has_a_row_for_each_variable() -> None:
    assert rows(REFERENCE).keys() == READ


def test_the_readme_has_the_same_defaults_for_the_variables_that_it_shows() -> None:
    assert len(rows("README.md")) > 10
    assert rows("README.md").items() <= rows(REFERENCE).items()


def test_the_reference_s_defaults_are_the_ones_in_force() -> None:
    documented = {
        name: default.strip("`") for name, default in rows(REFERENCE).items() if "`" in default
    }
    required = {"NEO4J_PASSWORD": "p", "R2_ACCESS_KEY_ID": "k", "R2_SECRET_ACCESS_KEY": "s"}
    required |= {"R2_ACCOUNT_ID": "a", "R2_BUCKET_NAME": "bucket", "HOME": "/home/user"}
    expanded = {name: value.replace("~", "/home/user") for name, value in documented.items()}
    assert len(documented) > 15
    assert read_config(required | expanded, {}) == read_config(required, {})


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *DOCUMENTS])
def test_a_link_to_a_document_or_a_section_leads_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", path.read_text(encoding="utf-8")):
        name, _, section = target.partition("#")
        linked = path.parent / name if name else path
        assert linked.exists(), target
        if section:
            text = linked.read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            assert section in {_anchor(heading) for heading in headings}, target


def _anchor(heading: str) -> str:
    """Return the name by which GitHub links to a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", ["README.md", ".env.example"])
def test_the_example_of_notifications_is_one_that_apprise_takes(name: str) -> None:
    document = (ROOT / name).read_text(encoding="utf-8")
    match = re.search(r"^#?BACKUP_NOTIFY_URLS='(.*)'$", document, re.MULTILINE)
    assert match is not None
    settings = read_notify_settings({"BACKUP_NOTIFY_URLS": match[1]}, {}, receiver_problem)
    assert len(settings.urls) == 2


@pytest.mark.parametrize("kind", ["neo4j", "neo4j-calendar", "apoc"])
def test_the_supported_versions_are_those_that_the_tests_run(kind: jars.Kind) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Supported versions")[2].partition("\n## ")[0]
    assert jars.version(kind) in section


@pytest.mark.parametrize("kind", get_args(jars.Kind))
def test_a_version_of_the_test_servers_stands_in_its_pom_once(kind: jars.Kind) -> None:
    pom = (ROOT / "testbed" / "poms" / f"{kind}.xml").read_text(encoding="utf-8")
    assert pom.count(jars.version(kind)) == 1


@pytest.mark.parametrize("name", ["README.md", ".env.example", "docker-compose.yml"])
def test_the_current_image_that_users_are_told_of_is_of_the_release_that_the_tests_run(
    name: str,
) -> None:
    release = jars.version("neo4j-calendar").rpartition(".")[0]
    named = re.findall(r"neo4j:(20\d\d\.[\d.]+)-community", (ROOT / name).read_text("utf-8"))
    assert set(named) == {release}
