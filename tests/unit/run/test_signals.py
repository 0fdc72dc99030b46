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


DROPPED = """
import signal, sys, threading, time
from neo4j_r2.core.errors import Ending
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.signals import raise_on_signals
from neo4j_r2.run.stall_watch import Watch

class Closing:
    def __del__(self):
        signal.raise_signal(signal.{signal})
        print("dropped", flush=True)

def wait():
    threading.Event().wait(60)

def progress():
    began = time.monotonic()
    while time.monotonic() - began < 0.05:  # before the first nudge
        watch.progress()

watch = Watch({seconds})
raise_on_signals()
began = time.monotonic()

def act():
    with watch.running():
        Closing()
        try:
            {after}()
            print("went on", flush=True)
        finally:
            for _ in range(3):
                watch.progress()
                signal.raise_signal(signal.{signal})
            print("cleaned up", flush=True)
    return 0

code = conclude(act)
print(code, time.monotonic() - began < 10)
time.sleep({rest})
print("ended")
"""


@pytest.mark.parametrize("after", ["wait", "progress"])
def test_a_signal_that_a_finalizer_drops_ends_the_run_all_the_same(after: str) -> None:
    process = run(DROPPED.format(signal="SIGTERM", seconds=1000, after=after, rest=3))
    assert process.stdout == "cleaned up\n143 True\nended\n"
    assert process.stderr == "Interrupted by signal 15\n"


def test_a_stall_that_a_finalizer_drops_ends_the_run_all_the_same() -> None:
    # The alarm comes from the test at first, and then from the timer.
    process = run(DROPPED.format(signal="SIGALRM", seconds=1, after="wait", rest=0))
    assert process.stdout == "cleaned up\n3 True\nended\n"
    assert process.stderr == "No progress for 1 s while waiting for Neo4j\n"


def test_an_error_of_the_clean_up_does_not_make_it_end_a_second_time() -> None:
    code = """
import signal
from neo4j_r2.core.errors import BucketError, Interruption
from neo4j_r2.run.signals import check, raise_on_signals
raise_on_signals()
try:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        try:
            raise BucketError("the abort failed")
        except BucketError:
            check()
            print("cleaned up")
except Interruption as interruption:
    print(interruption)
"""
    process = run(code)
    assert process.stdout == "cleaned up\nInterrupted by signal 15\n"


def test_a_signal_is_not_lost_with_an_error_that_took_its_place() -> None:
    code = """
import signal
from neo4j_r2.core.errors import BucketError, Interruption
from neo4j_r2.run.signals import check, raise_on_signals
raise_on_signals()
try:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        raise BucketError("the abort failed")
except BucketError:
    pass
try:
    check()  # as the next database's first step does
except Interruption as interruption:
    print(interruption)
"""
    assert run(code).stdout == "Interrupted by signal 15\n"
