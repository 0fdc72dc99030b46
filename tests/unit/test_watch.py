"""Signals and stalls, in a process of their own."""

from __future__ import annotations

import signal

import pytest

from tests.unit.process import TIMEOUT_SECONDS, run, start

WAITING = """
import sys
from neo4j_r2.watch import raise_on_signals
from neo4j_r2.errors import Interruption
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
STALLING = """
import threading, time
from neo4j_r2.errors import Stalled
from neo4j_r2.watch import Watch
"""


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
def test_a_second_signal_does_not_disturb_the_clean_up(number: signal.Signals) -> None:
    with start(WAITING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "Interrupted by signal 15\n"
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 128 + signal.SIGTERM


def test_two_signals_at_once_end_a_run_once_and_without_a_traceback() -> None:
    code = """
import os, signal
from neo4j_r2.errors import Interruption
from neo4j_r2.watch import raise_on_signals
both = {signal.SIGINT, signal.SIGTERM}
raise_on_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, both)
for number in both:
    os.kill(os.getpid(), number)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
except Interruption as interruption:
    print(interruption)
    print("cleaned up")
"""
    process = run(code)
    assert process.stdout == "Interrupted by signal 2\ncleaned up\n"
    assert process.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM], ids=lambda number: number.name)
def test_a_signal_that_interrupts_no_system_call_still_ends_a_run_promptly(
    number: signal.Signals,
) -> None:
    # Taken by another thread, it leaves the main thread's call waiting: as one does that comes
    # just before the call begins.
    code = f"""
import os, signal, socket, threading, time
from neo4j_r2.errors import Ending
from neo4j_r2.watch import Watch, raise_on_signals
silent, _ = socket.socketpair()

def interrupt():
    time.sleep(0.2)
    signal.pthread_kill(threading.get_ident(), {int(number)})

raise_on_signals()
with Watch(1000).running():
    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    try:
        silent.recv(1)
    except Ending:
        print(time.monotonic() - began)
"""
    assert 0.2 < float(run(code).stdout) < 5


def test_a_handler_of_ordinary_exceptions_does_not_swallow_a_signal() -> None:
    code = """
import os, signal
from neo4j_r2.watch import raise_on_signals
raise_on_signals()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except Exception:
    print("swallowed")
"""
    process = run(code)
    assert process.returncode == 143
    assert process.stdout == ""


def test_a_run_without_progress_ends_and_says_what_it_waited_for() -> None:
    code = """
watch = Watch(0.05)
try:
    with watch.running(), watch.waiting_for("R2"):
        threading.Event().wait(60)
except Stalled as stalled:
    print(stalled.exit_code, stalled)
"""
    assert run(STALLING + code).stdout == "4 No progress for 0 s while waiting for R2\n"


def test_a_run_waits_for_neo4j_unless_it_says_otherwise() -> None:
    code = """
watch = Watch(0.05)
try:
    with watch.running():
        with watch.waiting_for("R2"):
            pass
        threading.Event().wait(60)
except Stalled as stalled:
    print(stalled.exit_code, stalled)
"""
    assert run(STALLING + code).stdout == "3 No progress for 0 s while waiting for Neo4j\n"


def test_progress_starts_the_limit_anew_from_any_thread() -> None:
    code = """
import signal
watch = Watch(1000)
with watch.running():
    signal.setitimer(signal.ITIMER_REAL, 500)
    thread = threading.Thread(target=watch.progress)
    thread.start()
    thread.join()
    print(signal.getitimer(signal.ITIMER_REAL)[0] > 900)
"""
    assert run(STALLING + code).stdout == "True\n"


@pytest.mark.parametrize("late", ["", "watch.progress()"])
def test_nothing_ends_a_process_that_is_not_watched_any_more(late: str) -> None:
    code = f"""
import signal
watch = Watch(1000)
with watch.running():
    pass
{late}
print(signal.getitimer(signal.ITIMER_REAL)[0])
"""
    assert run(STALLING + code).stdout == "0.0\n"
