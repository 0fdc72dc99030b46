"""Backups that are made after each other get later times: an increment needs one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.core.clock import now
from testbed.waiting import wait_until
from tests.integration.old_backups import PREFIX

_LONGEST_SECONDS = 60


def taken(key: str) -> datetime:
    """Return the time in the key of an object of a backup."""
    parsed = parse_key(key, PREFIX)
    assert parsed is not None, key
    return parsed[0].taken


def wait_for_next_second(keys: Iterable[str]) -> None:
    """Wait until a backup gets a later time than all that have these keys."""
    last = max(map(taken, keys), default=None)
    if last is not None:
        wait_until(lambda: now() > last, seconds=_LONGEST_SECONDS, what="the next second")
