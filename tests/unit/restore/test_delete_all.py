"""How many entities a step of a deletion has."""

from __future__ import annotations

import pytest

from neo4j_r2.restore.delete_all import STEP_CHARACTERS, STEP_IDS, Steps


@pytest.mark.parametrize(
    ("mean_characters", "ids"),
    [(0, STEP_IDS), (1, STEP_IDS), (STEP_CHARACTERS // 100, 100), (2 * STEP_CHARACTERS, 1)],
)
def test_a_step_has_fewer_entities_if_they_are_large(mean_characters: int, ids: int) -> None:
    assert Steps.of(mean_characters).ids == ids


def test_refused_steps_become_smaller_down_to_one_entity() -> None:
    steps = Steps.of(STEP_CHARACTERS // 16)
    sizes = [steps.ids]
    while steps.shrink():
        sizes.append(steps.ids)
    assert sizes == [16, 4, 1]


def test_steps_grow_again_but_stay_below_the_refused_size() -> None:
    steps = Steps.of(STEP_CHARACTERS // 16)
    steps.shrink()
    for _ in range(15):
        steps.grow()
    assert steps.ids == 8


def test_after_many_accepted_steps_the_first_size_is_tried_again() -> None:
    steps = Steps.of(STEP_CHARACTERS // 16)
    while steps.shrink():
        pass
    for _ in range(100):
        steps.grow()
    assert steps.ids == 16
