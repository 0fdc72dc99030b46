"""What control groups tell of memory, as the kernel writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from neo4j_r2.run.memory_limit import MemoryLimit, kill_reason, read_memory_limit

VERSION_2 = {
    "memory.events": "low 0\nhigh 0\nmax 71\noom 2\noom_kill 2\noom_group_kill 0\n",
    "memory.max": "1073741824\n",
    "memory.peak": "1073700000\n",
}
VERSION_1 = {
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "memory/memory.limit_in_bytes": "1073741824\n",
    "memory/memory.max_usage_in_bytes": "1073700000\n",
}
KNOWN = MemoryLimit(2, 1_073_741_824, 1_073_700_000)


def group(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("files", [VERSION_2, VERSION_1], ids=["version 2", "version 1"])
def test_both_versions_of_control_groups_are_read(tmp_path: Path, files: dict[str, str]) -> None:
    assert read_memory_limit(group(tmp_path, files)) == KNOWN


@pytest.mark.parametrize(
    "files",
    [
        {**VERSION_2, "memory.max": "max\n"},
        {**VERSION_1, "memory/memory.limit_in_bytes": "9223372036854771712\n"},
    ],
    ids=["version 2", "version 1"],
)
def test_a_group_without_a_limit_has_none(tmp_path: Path, files: dict[str, str]) -> None:
    assert read_memory_limit(group(tmp_path, files)) == MemoryLimit(2, None, 1_073_700_000)


def test_an_old_kernel_tells_less(tmp_path: Path) -> None:
    assert read_memory_limit(tmp_path) is None
    events = {"memory.events": VERSION_2["memory.events"]}
    assert read_memory_limit(group(tmp_path, events)) == MemoryLimit(2, None, None)


def test_a_kill_since_the_run_began_is_explained_with_all_that_is_known() -> None:
    assert kill_reason(1, KNOWN) == (
        "the kernel killed it for lack of memory (signal 9): the limit is 1073.74 MB, "
        "the peak was 1073.70 MB; raise mem_limit"
    )
    assert kill_reason(1, MemoryLimit(2, None, None)) == (
        "the kernel killed it for lack of memory (signal 9); give the host more memory"
    )


@pytest.mark.parametrize(("before", "now"), [(2, KNOWN), (3, KNOWN), (None, KNOWN), (1, None)])
def test_without_a_kill_since_then_nothing_is_claimed(
    before: int | None, now: MemoryLimit | None
) -> None:
    assert kill_reason(before, now) == ""
