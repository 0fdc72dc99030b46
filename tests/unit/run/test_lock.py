"""The locks, which a second process holds."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neo4j_r2.core.errors import ConfigurationError, LockedError, NoSpaceError
from neo4j_r2.run.lock import (
    UploadRecord,
    drill_lock,
    holder,
    is_drill_under_way,
    is_held,
    is_under_way,
    run_lock,
)
from neo4j_r2.run.processes import ProcessId
from tests.full_disk import filled, small_disk, without_inodes
from tests.unit.process import TIMEOUT_SECONDS, start

RECORD = UploadRecord("https://r2.example.org", "bucket", "prefix/key", "upload-1")
HOLDER = """
import sys
from pathlib import Path
from neo4j_r2.run.lock import UploadRecord, run_lock
with run_lock(Path(sys.argv[1])) as lock:
    lock.remember_upload(UploadRecord("https://r2.example.org", "bucket", "prefix/key", "upload-1"))
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock until the end of its standard input."""
    with start(HOLDER, str(directory)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                process.communicate(timeout=TIMEOUT_SECONDS)


def test_a_second_run_is_refused_and_told_which_process_holds_the_lock(tmp_path: Path) -> None:
    with (
        held_by_another(tmp_path) as holder,
        pytest.raises(LockedError, match=rf"\b{holder.pid}\b") as raised,
        run_lock(tmp_path),
    ):
        pytest.fail("two runs held the lock")
    assert raised.value.exit_code == 6


def test_a_refused_run_does_not_release_the_other_run_s_lock(tmp_path: Path) -> None:
    with held_by_another(tmp_path):
        for _ in range(2):
            with pytest.raises(LockedError), run_lock(tmp_path):
                pytest.fail("two runs held the lock")


def test_the_lock_is_free_after_a_run(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as holder:
        holder.communicate(timeout=TIMEOUT_SECONDS)
        assert holder.returncode == 0
    with run_lock(tmp_path) as lock:
        assert lock is not None


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), run_lock(tmp_path):
        raise KeyError("broken")
    with run_lock(tmp_path) as lock:
        assert lock is not None


def test_after_a_kill_the_lock_is_free_and_the_upload_is_remembered(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as holder:
        holder.kill()
        holder.wait(TIMEOUT_SECONDS)
    with run_lock(tmp_path) as lock:
        assert lock.abandoned_upload() == RECORD


def test_an_upload_that_has_ended_is_not_remembered(tmp_path: Path) -> None:
    with run_lock(tmp_path) as lock:
        lock.remember_upload(RECORD)
        lock.forget_upload()
        assert lock.abandoned_upload() is None
        lock.forget_upload()


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'{"key": 1}', b"\xff"])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: bytes) -> None:
    with run_lock(tmp_path) as lock:
        lock.remember_upload(RECORD)
        (written,) = tmp_path.glob("*.json")
        written.write_bytes(content)
        assert lock.abandoned_upload() is None


def test_a_missing_state_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    with run_lock(directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_state_directory_that_cannot_be_made_is_a_configuration_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match=r"BACKUP_STATE_DIR=.*file"),
        run_lock(tmp_path / "file"),
    ):
        pytest.fail("a file is no directory")


def test_programs_that_a_run_starts_do_not_inherit_the_lock(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        descriptors = [
            int(entry.name)
            for entry in Path("/proc/self/fd").iterdir()
            if entry.resolve().parent == tmp_path
        ]
        assert len(descriptors) == 1
        assert not os.get_inheritable(descriptors[0])


def test_the_holder_is_known_and_nobody_who_looks_takes_the_lock(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with held_by_another(tmp_path) as process:
        held = holder(tmp_path)
        assert held is not None
        assert held.pid == process.pid
        assert held.is_alive()
        process.communicate(timeout=TIMEOUT_SECONDS)
        assert holder(tmp_path) is None
        assert not is_under_way(held, tmp_path)
    with run_lock(tmp_path):
        assert holder(tmp_path) == ProcessId.own()


def test_a_run_in_another_container_is_under_way_as_long_as_it_holds_the_lock(
    tmp_path: Path,
) -> None:
    # In its own PID namespace it has an id and a start time that this one does not have.
    elsewhere = ProcessId(7, 12345)
    with held_by_another(tmp_path):
        (tmp_path / "backup.lock").write_text("7 12345".ljust(40))
        assert is_under_way(elsewhere, tmp_path)
        assert not is_under_way(ProcessId(7, 54321), tmp_path)
    assert not is_under_way(elsewhere, tmp_path)


def test_the_lock_of_an_earlier_version_is_understood(tmp_path: Path) -> None:
    (tmp_path / "backup.lock").write_text("1234")
    with run_lock(tmp_path):
        assert holder(tmp_path) == ProcessId.own()


def test_a_look_at_the_lock_refuses_no_run(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        pass
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            holder(tmp_path)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(50):
            with run_lock(tmp_path) as lock:
                assert lock is not None
    finally:
        is_over.set()
        thread.join()


def test_a_full_disk_keeps_no_run_from_its_lock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "state"
    with small_disk(directory):
        for _ in range(2):  # the lock file is new, and then it is there
            with filled(directory), run_lock(directory) as lock:
                lock.remember_upload(RECORD)
                assert lock.abandoned_upload() is None
        with run_lock(directory):
            pass
        caplog.clear()
        with filled(directory), run_lock(directory):
            assert holder(directory) == ProcessId.own()
        assert caplog.messages == []


def test_without_an_inode_for_the_lock_file_a_run_still_has_a_lock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "state"
    with small_disk(directory):
        with without_inodes(directory):
            for _ in range(2):
                with (
                    run_lock(directory),
                    pytest.raises(LockedError, match="process unknown"),
                    run_lock(directory),
                ):
                    pytest.fail("two runs held the lock")
            assert "has no space left" in caplog.text
        with run_lock(directory):
            assert holder(directory) == ProcessId.own()


def test_a_second_drill_is_refused_and_told_which_process_drills(tmp_path: Path) -> None:
    with drill_lock(tmp_path):
        assert is_drill_under_way(ProcessId.own(), tmp_path)
        with (
            pytest.raises(LockedError, match=rf"Another drill .* \(process {os.getpid()}\)"),
            drill_lock(tmp_path),
        ):
            pytest.fail("two drills held the lock")


def test_a_run_and_a_drill_do_not_lock_each_other_out(tmp_path: Path) -> None:
    with drill_lock(tmp_path):
        assert not is_held(tmp_path)
        assert holder(tmp_path) is None
        with run_lock(tmp_path):
            assert is_held(tmp_path)
    with run_lock(tmp_path), drill_lock(tmp_path):
        assert holder(tmp_path) == ProcessId.own()


def test_a_drill_in_another_container_is_under_way_as_long_as_it_holds_its_lock(
    tmp_path: Path,
) -> None:
    elsewhere = ProcessId(7, 12345)
    with drill_lock(tmp_path):
        (tmp_path / "drill.lock").write_text("7 12345".ljust(40))
        assert is_drill_under_way(elsewhere, tmp_path)
        assert not is_under_way(elsewhere, tmp_path)
    assert not is_drill_under_way(elsewhere, tmp_path)


def test_whether_a_run_is_under_way_is_seen_although_the_lock_has_no_file(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    assert not is_held(directory)
    with small_disk(directory), without_inodes(directory):
        assert not is_held(directory)
        with run_lock(directory):
            assert holder(directory) is None
            assert is_held(directory)
        assert not is_held(directory)


def test_a_full_disk_keeps_no_drill_from_its_lock(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    with small_disk(directory):
        with drill_lock(directory):
            pass
        with filled(directory), drill_lock(directory):
            assert is_drill_under_way(ProcessId.own(), directory)


def test_without_an_inode_for_its_lock_a_drill_ends_and_keeps_no_run_from_its_work(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "state"
    with small_disk(directory), without_inodes(directory):
        with pytest.raises(NoSpaceError, match="has no space left"), drill_lock(directory):
            pytest.fail("there is no file for the lock")
        with run_lock(directory):
            assert is_held(directory)
