"""docker-compose 1.29.2 takes the Compose files: the specification writes `docker-compose`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from testbed.old_compose import OldComposeError, program
from tests.service import BACKUP

ROOT = BACKUP.parent


@pytest.fixture(scope="module")
def old_compose() -> Path:
    try:
        return program()
    except OldComposeError as error:
        pytest.skip(f"docker-compose 1.29.2 cannot be installed: {error}")


WHOLE = ("docker-compose.yml", "docker-compose.backup-only.yml")
ADDED = "docker-compose.secrets.yml"


def test_every_compose_file_is_tried() -> None:
    assert {path.name for path in ROOT.glob("docker-compose*.yml")} == {*WHOLE, ADDED}


@pytest.mark.parametrize("added", [(), (ADDED,)], ids=["alone", "with secrets"])
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("example", [".env.example", ".env.local.example"])
def test_the_old_docker_compose_takes_each_file(
    old_compose: Path, name: str, added: tuple[str, ...], example: str
) -> None:
    files = [f"--file={ROOT / each}" for each in (name, *added)]
    finished = subprocess.run(
        [old_compose, f"--env-file={ROOT / example}", *files, "config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert finished.returncode == 0, finished.stderr
    assert "\n  neo4j-backup:\n" in finished.stdout
