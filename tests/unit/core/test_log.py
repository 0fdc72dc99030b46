"""The log that a process writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.process import run

SET_UP = """
import logging, sys
from zoneinfo import ZoneInfo
from neo4j_r2.core.log import LogStyle, set_up
from neo4j_r2.core.secret import Secret
secrets = [Secret(text) for text in sys.argv[3:]]
set_up(sys.argv[1], LogStyle(sys.argv[2]), secrets)
log = logging.getLogger("neo4j_r2")
"""
FORMATS = pytest.mark.parametrize("log_format", ["text", "json"])
PASSWORD = 'pass "wörd" \\x'


def logged(code: str, level: str, log_format: str, *secrets: str) -> list[str]:
    """Return the lines that `code` logs; it must write nothing to standard output."""
    process = run(SET_UP + code, level, log_format, *secrets)
    assert process.returncode == 0, process.stderr
    assert process.stdout == ""
    return process.stderr.splitlines()


def test_a_line_of_text_looks_as_in_the_specification() -> None:
    code = "log.info('Starting %s', 'backup'); log.warning('careful')"
    assert logged(code, "info", "text") == ["[INFO] Starting backup", "[WARNING] careful"]


def test_a_line_can_begin_with_the_time_in_the_configured_zone() -> None:
    code = """
set_up("info", LogStyle(time_zone=ZoneInfo("Asia/Kolkata")), secrets)
log.info("two\\nlines with %s", secrets[0].reveal())
"""
    line, rest = logged(code, "info", "text", PASSWORD)
    time, separator, text = line.partition(" [INFO] ")
    assert separator
    moment = datetime.fromisoformat(time)
    assert moment.utcoffset() == timedelta(hours=5, minutes=30)
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)
    assert (text, rest) == ("two", "lines with ********")


def test_a_line_of_json_has_time_level_and_message() -> None:
    (line,) = logged("log.info('two\\nlines: %s', 'é')", "info", "json")
    entry = json.loads(line)
    assert entry["level"] == "info"
    assert entry["message"] == "two\nlines: é"
    assert datetime.fromisoformat(entry["time"]).utcoffset() is not None


@FORMATS
def test_secrets_in_messages_and_exceptions_are_masked(log_format: str) -> None:
    code = """
log.info("login with %s failed: %s", secrets[0].reveal(), secrets[1].reveal())
log.info(f"{secrets[0]} {secrets[1]!r}")
try:
    raise ValueError("bad " + secrets[0].reveal())
except ValueError:
    log.exception("refused")
"""
    text = "\n".join(logged(code, "info", log_format, PASSWORD, "access-key"))
    assert "********" in text
    for secret in (PASSWORD, json.dumps(PASSWORD)[1:-1], "access-key"):
        assert secret not in text


@FORMATS
@pytest.mark.parametrize("secrets", [("abcdef", "abcdef-rest"), ("abcdef-rest", "abcdef")])
def test_a_secret_that_begins_like_another_secret_is_masked_whole(
    log_format: str, secrets: tuple[str, str]
) -> None:
    (line,) = logged("log.info('key abcdef-rest')", "info", log_format, *secrets)
    assert "-rest" not in line


def test_an_empty_secret_masks_nothing() -> None:
    assert logged("log.info('plain')", "info", "text", "") == ["[INFO] plain"]


def test_lines_below_the_level_are_left_out() -> None:
    code = "log.info('no'); log.error('yes'); logging.getLogger('neo4j_r2.each').debug('no')"
    assert logged(code, "error", "text") == ["[ERROR] yes"]


def test_libraries_are_logged_from_warnings_on_but_not_the_driver_and_the_http_client() -> None:
    code = """
for name in ("botocore", "neo4j", "urllib3"):
    for level in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), level)("%s %s", name, level)
"""
    assert logged(code, "debug", "text") == [
        "[WARNING] botocore warning",
        "[ERROR] botocore error",
    ]


def test_a_second_set_up_replaces_the_first_one() -> None:
    code = "set_up('info', LogStyle()); log.info('once')"
    assert logged(code, "info", "json") == ["[INFO] once"]
