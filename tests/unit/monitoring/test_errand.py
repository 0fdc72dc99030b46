"""Errands, for which a run waits only a limited time."""

from __future__ import annotations

import threading
import time

from neo4j_r2.monitoring.errand import Errand
from tests.unit.process import run

SECONDS = 30


def refuse() -> str:
    return "refused"


def test_an_errand_says_what_went_wrong() -> None:
    assert Errand("x", lambda: None).problem(SECONDS) is None
    assert Errand("x", refuse).problem(SECONDS) == "refused"


def test_an_unexpected_error_is_named_by_its_type_alone() -> None:
    def fail() -> str:
        raise ValueError("https://secret")

    assert Errand("x", fail).problem(SECONDS) == "unexpected ValueError"


def test_the_wait_for_an_endless_errand_ends_at_the_limit() -> None:
    released = threading.Event()

    def hang() -> None:
        released.wait(SECONDS)

    errand = Errand("x", hang)
    started = time.monotonic()
    assert errand.problem(0.1) == "no end after 0 s"
    assert errand.problem(-1) == "no end after 0 s"
    assert time.monotonic() - started < SECONDS / 2
    released.set()
    assert errand.problem(SECONDS) is None


def test_an_endless_errand_does_not_keep_the_process_alive() -> None:
    code = """
import time
from neo4j_r2.monitoring.errand import Errand
Errand("x", lambda: time.sleep(3600)).problem(0.1)
"""
    assert run(code).returncode == 0
