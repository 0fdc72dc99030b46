"""A file of a command is complete, or it is not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from neo4j_r2.commands.output_file import output_file, refuse_output
from neo4j_r2.core.errors import ConfigurationError, CorruptError, Interruption


def write_some(name: object, before_its_end: Callable[[], object] = lambda: None) -> None:
    """Write a file, and do something before it is complete."""
    with output_file(str(name)) as write:
        write(b"some")
        before_its_end()


def fail(error: BaseException) -> None:
    raise error


def test_a_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "graph.gz"
    with output_file(str(path)) as write:
        write(b"one ")
        assert not path.exists()
        write(b"two")
    assert path.read_bytes() == b"one two"
    assert list(tmp_path.iterdir()) == [path]


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "graph.gz"
    with output_file(str(path)) as write:
        write(b"secret")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [CorruptError("damaged"), Interruption(15), ValueError()])
def test_nothing_is_left_of_a_file_that_did_not_become_complete(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "graph.gz"
    with pytest.raises(type(error)):
        write_some(path, partial(fail, error))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "graph.gz"
    path.write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match=r"graph\.gz exists already"):
        refuse_output(str(path))
    with pytest.raises(ConfigurationError, match="exists already"):
        write_some(path)
    assert path.read_bytes() == b"mine"


def test_a_file_that_comes_into_being_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "graph.gz"
    with pytest.raises(ConfigurationError, match="File exists"):
        write_some(path, lambda: path.write_bytes(b"mine"))
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_takes_no_file_is_refused_in_one_line(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "none" / "graph.gz")):
        with pytest.raises(ConfigurationError) as caught:
            write_some(name)
        assert str(caught.value).startswith(name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^/dev/full cannot be written: No space left"):
        write_some("/dev/full")


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_gets_each_piece_at_once(
    name: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with output_file(name) as write:
        write(b"one ")
        assert capfdbinary.readouterr().out == b"one "
        write(b"two")
    assert capfdbinary.readouterr().out == b"two"


def test_a_pipe_gets_each_piece_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with output_file(str(path)) as write:
        write(b"some")
        assert os.read(reader, 10) == b"some"
    os.close(reader)


def test_a_reader_that_has_gone_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with output_file(str(path)) as write:
        os.close(reader)
        with pytest.raises(ConfigurationError, match="cannot be written: Broken pipe"):
            write(b"some")


def test_a_terminal_is_no_place_for_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(ConfigurationError, match="Standard output is a terminal"):
        refuse_output("-")
