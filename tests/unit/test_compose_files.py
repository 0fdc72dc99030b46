"""What the Compose files ask of the engine for every service."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.process import ROOT

FILES = ("docker-compose.yml", "docker-compose.backup-only.yml")


def services(name: str) -> dict[str, dict[str, Any]]:
    """Return the services of a file, each with what it extends."""
    content = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["services"]
    return {service: {**_extended(settings), **settings} for service, settings in content.items()}


def _extended(settings: dict[str, Any]) -> dict[str, Any]:
    extends = settings.get("extends")
    return services(extends["file"])[extends["service"]] if extends else {}


ALL = [(name, service) for name in FILES for service in services(name)]


def test_all_services_of_the_files_are_looked_at() -> None:
    assert {service for _, service in ALL} == {"neo4j", "neo4j-backup", "s3"}


@pytest.mark.parametrize(("name", "service"), ALL)
def test_every_service_starts_again_with_the_engine(name: str, service: str) -> None:
    assert services(name)[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize(("name", "service"), ALL)
def test_the_engine_s_log_of_every_service_has_a_limit(name: str, service: str) -> None:
    assert services(name)[service]["logging"] == {
        "driver": "json-file",
        "options": {"max-size": "10m", "max-file": "5"},
    }


@pytest.mark.parametrize(("name", "service"), ALL)
def test_what_is_built_is_never_pulled_and_all_else_may_be(name: str, service: str) -> None:
    settings = services(name)[service]
    assert settings.get("pull_policy") == ("never" if "build" in settings else None)
