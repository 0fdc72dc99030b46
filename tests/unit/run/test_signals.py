"""Signals end a run; each test has a process of its own."""

from __future__ import annotations

import signal

import pytest

from tests.unit.process import TIMEOUT_SECONDS, run, start

WAITING = """
import sys
from neo4j_r2.run.signals import raise_on_signals
from neo4j_r2.core.errors import Interruption
raise_on_signals()
try:
    print("ready", flush=True)
    sys.stdin.read()
except Interruption as interruption:
    print(interruption, flush=True)
    sys.stdin.read()
    raise
"""
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@SIGNALS
def test_a_signal_ends_a_run_with_its_exit_code_and_without_a_traceback(
    number: signal.Signals,
) -> None:
    with start(WAITING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 128 + number
    assert output == f"Interrupted by signal {int(number)}\n"
    assert errors == ""


@SIGNALS
def test_a_second_signal_does_not_interrupt_the_clean_up(number: signal.Signals) -> None:
    with start(WAITING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "Interrupted by signal 15\n"
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 128 + signal.SIGTERM


def test_two_signals_at_once_end_a_run_once_and_without_a_traceback() -> None:
    # raise_signal sends to the main thread itself. os.kill sends to the process, so the nudge
    # thread, which does not block the signals, could take one of them before the `try`.
    code = """
import signal
from neo4j_r2.core.errors import Interruption
from neo4j_r2.run.signals import raise_on_signals
both = {signal.SIGINT, signal.SIGTERM}
raise_on_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, both)
for number in both:
    signal.raise_signal(number)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
except Interruption as interruption:
    print(interruption)
    print("cleaned up")
"""
    process = run(code)
    assert process.stdout == "Interrupted by signal 2\ncleaned up\n"
    assert process.stderr == ""


def test_a_handler_of_ordinary_exceptions_does_not_swallow_a_signal() -> None:
    code = """
import os, signal
from neo4j_r2.run.signals import raise_on_signals
raise_on_signals()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except Exception:
    print("swallowed")
"""
    process = run(code)
    assert process.returncode == 143
    assert process.stdout == ""
