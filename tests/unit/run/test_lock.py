"""The lock, which a second process holds."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neo4j_r2.core.errors import ConfigurationError, LockedError
from neo4j_r2.run.lock import UploadRecord, run_lock
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
