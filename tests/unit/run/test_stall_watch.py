"""The stall watch stops a run without progress; each test has a process of its own."""

from __future__ import annotations

import signal

import pytest

from tests.unit.process import run

STALLING = """
import threading, time
from neo4j_r2.core.errors import Side, Stalled
from neo4j_r2.run.stall_watch import Watch
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM], ids=lambda number: number.name)
def test_a_signal_ends_a_run_promptly_even_if_it_interrupts_no_system_call(
    number: signal.Signals,
) -> None:
    # The signal goes to another thread, so it does not interrupt the main thread's call. A signal
    # that comes just before the call begins has the same effect, but no test can time that.
    code = f"""
import os, signal, socket, threading, time
from neo4j_r2.core.errors import Ending
from neo4j_r2.run.signals import raise_on_signals
from neo4j_r2.run.stall_watch import Watch
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


def test_a_run_without_progress_is_stopped_and_the_error_names_what_it_waited_for() -> None:
    code = """
watch = Watch(0.05)
try:
    with watch.running(), watch.waiting_for(Side.R2):
        threading.Event().wait(60)
except Stalled as stalled:
    print(stalled.exit_code, stalled)
"""
    assert run(STALLING + code).stdout == "4 No progress for 0 s while waiting for R2\n"


def test_the_error_names_neo4j_unless_the_run_waits_for_something_else() -> None:
    code = """
watch = Watch(0.05)
try:
    with watch.running():
        with watch.waiting_for(Side.R2):
            pass
        threading.Event().wait(60)
except Stalled as stalled:
    print(stalled.exit_code, stalled)
"""
    assert run(STALLING + code).stdout == "3 No progress for 0 s while waiting for Neo4j\n"


def test_progress_in_any_thread_starts_the_time_limit_anew() -> None:
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


def test_a_step_can_have_a_time_limit_of_its_own() -> None:
    code = """
import signal
watch = Watch(1000)
with watch.running():
    with watch.limited(5000):
        watch.progress()
        print(signal.getitimer(signal.ITIMER_REAL)[0] > 4000)
    print(900 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000)
    try:
        with watch.limited(0.05):
            threading.Event().wait(60)
    except Stalled as stalled:
        print(stalled)
    watch.progress()
    print(signal.getitimer(signal.ITIMER_REAL)[0] > 900)
"""
    told = "No progress for 0 s while waiting for Neo4j"
    assert run(STALLING + code).stdout == f"True\nTrue\n{told}\nTrue\n"


@pytest.mark.parametrize("late", ["", "watch.progress()"])
def test_no_alarm_is_left_after_the_watch_has_ended(late: str) -> None:
    code = f"""
import signal
watch = Watch(1000)
with watch.running():
    pass
{late}
print(signal.getitimer(signal.ITIMER_REAL)[0])
"""
    assert run(STALLING + code).stdout == "0.0\n"
