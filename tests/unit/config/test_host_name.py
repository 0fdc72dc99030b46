"""The name by which people know the machine that a message comes from."""

from __future__ import annotations

import pytest

from neo4j_r2.config.host_name import host_name

NUMBER = "3f2a1b9c0d4e"


@pytest.mark.parametrize(
    ("project", "machine", "in_container", "name"),
    [
        ("graph", NUMBER, True, "graph/neo4j-backup"),
        (None, NUMBER, True, "neo4j-backup (container 3f2a1b9c0d4e)"),
        (None, "vault", True, "vault"),
        (None, "vault", False, "vault"),
        (None, NUMBER, False, NUMBER),
    ],
    ids=["Compose 2", "Compose 1", "chosen hostname", "machine", "machine with such a name"],
)
def test_a_container_s_number_is_not_all_that_people_are_told(
    project: str | None, machine: str, in_container: bool, name: str
) -> None:
    assert host_name(project, machine, in_container=in_container) == name
