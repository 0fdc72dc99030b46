"""The images and the stack that the container tests share: built and started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed import graphiti
from testbed.engine import docker, unavailable
from testbed.images import Images, resolve
from testbed.ports import free_port
from testbed.stack import Stack
from tests.container.backup_stack import HERE, IN_ENV_FILE, QUIET_SCHEDULE, ROOT, Surroundings

ENTITIES = 100
"""So few that a restore by `cypher-shell`, which takes the server long, takes no minute."""


@pytest.fixture(scope="session")
def images() -> Images:
    """The images of the other services and of Python."""
    if reason := unavailable():
        pytest.skip(f"no container engine: {reason}")
    return resolve()


@pytest.fixture(scope="session")
def image(images: Images) -> str:
    """The tag of the service's image, built from the project's Dockerfile."""
    tag = "neo4j-r2-testbed/neo4j-r2-backup"
    argument = f"PYTHON_IMAGE={images.python}"
    docker("build", "--tag", tag, "--build-arg", argument, str(ROOT))
    return tag


@pytest.fixture(scope="session")
def surroundings(
    images: Images, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Surroundings]:
    """The stack of `.env.local.example`, up and with a graph.

    It has another password, and a schedule that does not run into the tests.
    """
    example = (ROOT / ".env.local.example").read_text(encoding="utf-8")
    changes = {"local-password": IN_ENV_FILE, "'*/5 * * * *'": f"'{QUIET_SCHEDULE}'"}
    for before, after in changes.items():
        assert before in example
        example = example.replace(before, after)
    env_file = tmp_path_factory.mktemp("stack") / ".env"
    env_file.write_text(example, encoding="utf-8")
    ports = [free_port() for _ in range(3)]
    variables = {
        "PYTHON_IMAGE": images.python,
        "BACKUP_IMAGE": image,
        "NEO4J_IMAGE": images.neo4j,
        "S3_IMAGE": images.s3,
        "NEO4J_PUBLISHED_BOLT_PORT": str(ports[0]),
        "NEO4J_PUBLISHED_HTTP_PORT": str(ports[1]),
        "S3_PUBLISHED_PORT": str(ports[2]),
    }
    files = [ROOT / "docker-compose.yml", HERE / "testing.yml"]
    with Stack("neo4j-r2-test", files, ROOT, variables, env_file=env_file) as stack:
        surroundings = Surroundings(stack, variables, ports[0], ports[2])
        stack.up("neo4j", "s3", wait=True, profiles=["local"])
        with surroundings.driver() as driver:
            graphiti.fill(driver, entities=ENTITIES)
        stack.up(profiles=["local"])
        yield surroundings
