"""What a user is told of a failure, and which failures are waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from neo4j.exceptions import Neo4jError

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.driver_errors import (
    can_pass,
    explain,
    is_busy,
    is_of_query,
    is_short_of_memory,
    is_timed_out,
    is_wrong_statement,
    names_full_disk,
)

SETTINGS = Neo4jSettings("bolt://localhost:7687", "neo4j", Secret("password"), "neo4j")
OUT_OF_MEMORY = "Neo.TransientError.General.MemoryPoolOutOfMemoryError"
TOO_MANY = "Neo.TransientError.Transaction.MaximumTransactionLimitReached"
NO_THREADS = "Neo.TransientError.Request.NoThreadsAvailable"


def failure(code: str, message: str = "refused") -> Neo4jError:
    """Return an error as the driver makes it of a server's answer."""
    return Neo4jError._hydrate_neo4j(code=code, message=message)


def out_of_memory(setting: str) -> Neo4jError:
    """Return the error of a server that has too little memory by a setting."""
    return failure(OUT_OF_MEMORY, f"Currently using 4.0 MiB. {setting} threshold reached")


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("Neo.TransientError.General.OutOfMemoryError", "server.memory.heap.max_size"),
        (TOO_MANY, "db.transaction.concurrent.maximum"),
        (NO_THREADS, "server.bolt.thread_pool_max_size"),
        ("Neo.TransientError.Transaction.LockAcquisitionTimeout", "db.lock.acquisition.timeout"),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", "server.databases.read_only"),
    ],
)
def test_a_refusal_by_a_limit_names_the_setting(code: str, setting: str) -> None:
    assert setting in explain(failure(code), SETTINGS)


def test_another_failure_leads_to_neo4js_logs() -> None:
    assert explain(failure("Neo.DatabaseError.General.UnknownError"), SETTINGS).endswith(
        "refused; check Neo4j's logs"
    )


def test_a_database_that_is_not_there_leads_to_what_has_named_it() -> None:
    missing = failure("Neo.ClientError.Database.DatabaseNotFound")
    assert "check NEO4J_DATABASE (or --database, " in explain(missing, SETTINGS)
    scratch = replace(SETTINGS, is_other=True, named_by="DRILL_NEO4J_DATABASE")
    assert explain(missing, scratch).endswith("check DRILL_NEO4J_DATABASE")


@pytest.mark.parametrize(
    ("status", "full"),
    [
        ("No space left on device", True),
        ("java.io.IOException: Disk quota exceeded", True),
        ("File too large", True),
        ("There is not enough space on the disk", True),
        ("The database has been quarantined", False),
        ("", False),
    ],
)
def test_a_full_disk_is_known_by_the_server_s_words(status: str, *, full: bool) -> None:
    assert names_full_disk(status) is full


@pytest.mark.parametrize(
    ("setting", "waited_for"),
    [
        ("db.memory.transaction.max", False),
        ("db.memory.transaction.total.max", True),
        ("dbms.memory.transaction.total.max", True),
    ],
)
def test_memory_that_other_transactions_use_is_waited_for(
    setting: str, *, waited_for: bool
) -> None:
    error = out_of_memory(setting)
    assert setting in explain(error, SETTINGS)
    assert is_short_of_memory(error)
    assert can_pass(error) is waited_for


@pytest.mark.parametrize(
    ("code", "busy"), [(TOO_MANY, True), (NO_THREADS, True), (OUT_OF_MEMORY, False)]
)
def test_a_server_that_takes_no_more_work_is_busy(code: str, *, busy: bool) -> None:
    assert is_busy(failure(code)) is busy


@pytest.mark.parametrize(
    "code",
    [
        "Neo.ClientError.Statement.SyntaxError",
        "Neo.ClientError.Statement.ArithmeticError",
        "Neo.ClientError.Statement.AccessMode",
        "Neo.ClientError.Procedure.ProcedureNotFound",
        "Neo.ClientError.Procedure.ProcedureCallFailed",
        "Neo.ClientError.Schema.IndexNotFound",
        "Neo.ClientError.Security.Forbidden",
        "Neo.ClientError.Transaction.TransactionTimedOut",
        "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
        "Neo.ClientError.Transaction.TransactionStartFailed",
        "Neo.DatabaseError.Statement.ExecutionFailed",
        "Neo.DatabaseError.Transaction.TransactionStartFailed",
        OUT_OF_MEMORY,
    ],
)
def test_a_failure_of_a_query_says_nothing_of_others(code: str) -> None:
    assert is_of_query(failure(code))


@pytest.mark.parametrize(
    "code",
    [
        "Neo.ClientError.Security.Unauthorized",
        "Neo.ClientError.Security.CredentialsExpired",
        "Neo.ClientError.Database.DatabaseNotFound",
        "Neo.ClientError.Transaction.Terminated",
        "Neo.TransientError.Database.DatabaseUnavailable",
        "Neo.DatabaseError.General.UnknownError",
        TOO_MANY,
        NO_THREADS,
    ],
)
def test_a_failure_of_the_server_is_no_failure_of_a_query(code: str) -> None:
    assert not is_of_query(failure(code))


@pytest.mark.parametrize(
    ("code", "timed_out", "wrong"),
    [
        ("Neo.ClientError.Transaction.TransactionTimedOut", True, False),
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", True, False),
        ("Neo.ClientError.Statement.SyntaxError", False, True),
        ("Neo.ClientError.Procedure.ProcedureNotFound", False, True),
        ("Neo.ClientError.Procedure.ProcedureCallFailed", False, False),
    ],
)
def test_a_slow_query_and_a_wrong_one_are_told_apart(
    code: str, *, timed_out: bool, wrong: bool
) -> None:
    assert is_timed_out(failure(code)) is timed_out
    assert is_wrong_statement(failure(code)) is wrong
