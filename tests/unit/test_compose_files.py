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
    assert {service for _, service in ALL} == {
        "neo4j",
        "neo4j-backup",
        "neo4j-drill",
        "s3",
    }


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


@pytest.mark.parametrize("name", FILES)
def test_the_scratch_server_of_drills_starts_only_with_its_profile(name: str) -> None:
    drill = services(name)["neo4j-drill"]
    assert drill["profiles"] == ["drill"]
    for service in services(name).values():
        assert "neo4j-drill" not in service.get("depends_on", {})


@pytest.mark.parametrize("name", FILES)
def test_the_scratch_server_has_a_small_heap_and_no_port_plug_in_or_volume_of_its_own(
    name: str,
) -> None:
    drill = services(name)["neo4j-drill"]
    assert not drill.keys() & {"ports", "volumes", "expose"}
    assert drill["mem_limit"] == "1g"
    assert drill["environment"] == {
        "NEO4J_AUTH": "neo4j/${RESTORE_NEO4J_PASSWORD-}",
        "NEO4J_server_memory_heap_initial__size": "256m",
        "NEO4J_server_memory_heap_max__size": "512m",
        "NEO4J_server_memory_pagecache_size": "128m",
        "NEO4J_server_http_enabled": "false",
    }


def test_the_scratch_server_runs_the_release_of_the_server_that_is_backed_up() -> None:
    whole = services("docker-compose.yml")
    assert whole["neo4j-drill"]["image"] == whole["neo4j"]["image"]


def test_no_variable_of_a_service_whose_profile_is_off_is_required() -> None:
    for name in FILES:
        text = str(services(name)["neo4j-drill"])
        assert ":?" not in text, "Compose would refuse every start without it"


def test_the_lines_for_a_private_key_are_whole_when_they_are_taken_in() -> None:
    text = (ROOT / "docker-compose.secrets.yml").read_text(encoding="utf-8")
    lines = [
        line.replace("# ", "", 1) if "drill_identity" in line else line
        for line in text.splitlines()
    ]
    content = yaml.safe_load("\n".join(lines))
    service = content["services"]["neo4j-backup"]
    assert service["environment"]["DRILL_IDENTITY_FILE"] == "/run/secrets/drill_identity"
    assert "drill_identity" in service["secrets"]
    assert content["secrets"]["drill_identity"] == {
        "file": "${SECRETS_DIRECTORY:-./secrets}/drill_identity"
    }
