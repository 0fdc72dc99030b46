"""The page for people beside crond: who serves it, how large it is, and what it needs."""

from __future__ import annotations

from testbed.stack import Stack
from tests.container.backup_stack import (
    SERVICE,
    Surroundings,
    back_up,
    start,
    wait_for_line,
)

PORT = "9412"
SERVING = "[INFO] Serving /"
READ = f"""
import sys, urllib.request
for _ in range(int(sys.argv[1])):
    with urllib.request.urlopen("http://127.0.0.1:{PORT}/", timeout=10) as answer:
        page = answer.read().decode()
print(answer.status)
print(page)
"""


def read_page(stack: Stack, times: int = 1) -> str:
    """Return the page as it is at the last of several times; each has to be good."""
    read = stack.execute(SERVICE, "python3", "-c", READ, str(times), user="neo4j-backup")
    assert read.exit_code == 0, read.output
    status, _, page = read.output.partition("\n")
    assert status == "200"
    return page


def test_the_page_s_process_is_the_jobs_user_s_and_stays_small(surroundings: Surroundings) -> None:
    with surroundings.beside(METRICS_PORT=PORT, BACKUP_PREFIX="paged") as stack:
        start(stack)
        wait_for_line(stack, SERVING)
        assert back_up(stack).exit_code == 0
        assert read_page(stack, times=100).startswith("<!doctype html>")
        pid = stack.execute(SERVICE, "pgrep", "-f", "backup.py metrics").output.strip()
        status = stack.execute(SERVICE, "cat", f"/proc/{pid}/status").output
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        assert set(fields["Uid"].split()) == {"1000"}
        assert int(fields["CapEff"], 16) == 0
        assert int(fields["VmRSS"].split()[0]) < 40_000


def test_the_page_answers_while_neo4j_and_r2_are_gone(surroundings: Surroundings) -> None:
    with surroundings.beside(METRICS_PORT=PORT, BACKUP_PREFIX="alone") as stack:
        start(stack)
        wait_for_line(stack, SERVING)
        assert back_up(stack).exit_code == 0
        (manifest,) = surroundings.manifests("alone")
        stem = manifest["archive_key"].removeprefix("alone/").partition(".cypher")[0]
        with surroundings.stack.paused("neo4j", "s3"):
            assert stem in read_page(stack)
