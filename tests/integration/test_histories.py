"""Short random histories: `make robustness` plays long ones, and thousands of them."""

from __future__ import annotations

import pytest

from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.histories import Player, Servers, history, shortest

HISTORIES = 50
STEPS = 6
RESTORED = 5
"""One history in so many is restored from: that takes as long as several backups."""


@pytest.fixture(scope="module")
def player(
    servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Player:
    """What plays histories on the servers of the suite."""
    return Player(Servers(*servers, s3), tmp_path_factory.mktemp("histories"))


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_restore_point_of_a_random_history_is_what_the_graph_was(
    player: Player, seed: int
) -> None:
    player.require_good(seed, STEPS, restores=int(seed % RESTORED == 0))


def test_a_history_that_fails_is_made_as_short_as_possible() -> None:
    steps = history(1, steps=20)
    needed = [steps[3], steps[11]]
    assert shortest(lambda some: all(step in some for step in needed), steps) == needed


def test_a_seed_gives_the_same_history_each_time() -> None:
    assert history(7) == history(7) != history(8)
