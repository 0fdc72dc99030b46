"""What `verify` says of several backups, and of one."""

from __future__ import annotations

import logging

import pytest

from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.restore.examine import Examined, Finding, report_findings

EXAMINED = Examined("backup under p/", "backups under p/")
GOOD, LOCKED, BAD = Finding.GOOD, Finding.LOCKED, Finding.BAD


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([GOOD], "The only backup under p/ is good"),
        ([GOOD, GOOD], "All 2 backups under p/ are good"),
        (1_000 * [GOOD], "All 1,000 backups under p/ are good"),
        ([LOCKED], "The only backup under p/ is good as far as it could be read. "),
        ([LOCKED, GOOD], "All 2 backups under p/ are good as far as they could be read. "),
    ],
)
def test_good_backups_are_told_as_one_or_as_many(
    findings: list[Finding], line: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        report_findings(findings, EXAMINED, has_keys=False)
    (told,) = caplog.messages
    assert told.startswith(line) if line.endswith(" ") else told == line


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([BAD], "The only backup under p/ is not good"),
        ([BAD, GOOD], "1 of 2 backups under p/ is not good"),
        ([BAD, BAD, LOCKED], "2 of 3 backups under p/ are not good"),
    ],
)
def test_bad_backups_are_told_as_one_or_as_many(findings: list[Finding], line: str) -> None:
    with pytest.raises(CorruptError) as raised:
        report_findings(findings, EXAMINED, has_keys=True)
    assert str(raised.value) == line


@pytest.mark.parametrize(
    ("findings", "which"),
    [([LOCKED], "the only backup under p/"), ([LOCKED, GOOD], "1 of 2 backups under p/")],
)
def test_backups_that_no_given_key_opens_are_told_as_one_or_as_many(
    findings: list[Finding], which: str
) -> None:
    with pytest.raises(NoKeyError) as raised:
        report_findings(findings, EXAMINED, has_keys=True)
    assert str(raised.value) == f"None of the given private keys opens {which}"
