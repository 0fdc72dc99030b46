"""Explains the driver's errors to a user, and tells the kinds of them that need an answer."""

from __future__ import annotations

from typing import Final

from neo4j.exceptions import (
    AuthError,
    DatabaseError,
    DatabaseUnavailable,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
)

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph import server_limits
from neo4j_r2.graph.encryption_mistake import EncryptionMistake

_TRANSIENT: Final = "Neo.TransientError."
_REFUSED: Final = "Neo.ClientError."
_REFUSED_STATEMENT: Final = f"{_REFUSED}Statement."
_UNKNOWN_PROCEDURE: Final = f"{_REFUSED}Procedure.ProcedureNotFound"
_OF_QUERY: Final = (
    *(f"{_REFUSED}{kind}." for kind in ("Procedure", "Schema", "Statement")),
    f"{_REFUSED}Security.Forbidden",
    f"{_REFUSED}Transaction.Transaction",
    "Neo.DatabaseError.Statement.",
    "Neo.DatabaseError.Transaction.TransactionStartFailed",
)
"""How the codes begin that tell of a query, and not of the server or of the login. The last one is
of a query that has to commit its work in batches."""
_TIMED_OUT: Final = f"{_REFUSED}Transaction.TransactionTimedOut"
"""A longer code says whose limit it was."""
_MEMORY: Final = "Memory"
"""A word in the codes of a server that is short of memory."""
_FULL_DISK: Final = (
    "no space left",
    "disk quota exceeded",
    "file too large",
    "not enough space on the disk",
)
"""How operating systems say that a file cannot grow, in lower case."""
FULL_DISK_CURE: Final = "make room on the disk of the server, and restart Neo4j"
_ADDRESS: Final = "NEO4J_HOST and NEO4J_BOLT_PORT (or NEO4J_URI)"


def explain(error: DriverError | Neo4jError, settings: Neo4jSettings) -> str:
    """Return one line for a failure: what failed, and what to check."""
    uri = settings.uri
    code = _code(error)
    if is_refused_login(error):
        hint = settings.login_hint
        return (
            f"Neo4j connection failed: {uri} refused the login ({code}); "
            f"check {' and '.join(settings.login_variables)}{hint and '; '}{hint}"
        )
    if code == "Neo.ClientError.Security.CredentialsExpired":
        return "Neo4j connection failed: the password must be changed first (ALTER CURRENT USER)"
    if code == "Neo.ClientError.Database.DatabaseNotFound":
        return (
            f"Neo4j connection failed: {uri} has no database {settings.database!r}; "
            f"check {settings.named_by}"
        )
    if isinstance(error, ServiceUnavailable | DriverError):
        return (
            f"Neo4j connection failed: {uri}: {first_line(error)}; check that Neo4j is up and "
            f"healthy, {'that address' if settings.is_other else _ADDRESS}, and the network"
        )
    advice = server_limits.cure(code) or "check Neo4j's logs"
    return f"Neo4j failed: {code}: {first_line(error)}; {advice}"


def explain_encryption(mistake: EncryptionMistake, settings: Neo4jSettings) -> str:
    """Return one line for an address with the wrong kind of encryption, and the right one."""
    advice = f"give {mistake.uri}" if settings.is_other else f"set NEO4J_URI={mistake.uri}"
    if mistake.remedy:
        advice += f", which accepts any certificate; or use +s, and {mistake.remedy}"
    return f"Neo4j connection failed: {settings.uri}: {mistake.reason}; {advice}"


def is_refused_login(error: DriverError | Neo4jError) -> bool:
    """Whether the server refused the login itself."""
    code = _code(error)
    return isinstance(error, AuthError) or code.startswith("Neo.ClientError.Security.Auth")


def is_short_of_memory(error: DriverError | Neo4jError) -> bool:
    """Whether the server had too little memory for a query; a smaller one may do."""
    code = _code(error)
    return code.startswith(_TRANSIENT) and _MEMORY in code


def can_pass(error: DriverError | Neo4jError) -> bool:
    """Whether the same call may succeed when others have ended theirs, or the server is back."""
    return error.is_retryable() and not server_limits.is_of_one_transaction(first_line(error))


def is_deadlock(error: DriverError | Neo4jError) -> bool:
    """Whether two transactions waited for each other, and the server has ended this one."""
    return _code(error) == f"{_TRANSIENT}Transaction.DeadlockDetected"


def is_busy(error: DriverError | Neo4jError) -> bool:
    """Whether the server answered, but took no more work."""
    return server_limits.is_busy(_code(error))


def is_unknown_statement(error: GraphError) -> bool:
    """Whether the server, by its explained error, does not know a statement or its language."""
    return _REFUSED_STATEMENT in str(error)


def is_wrong_statement(error: DriverError | Neo4jError) -> bool:
    """Whether the server does not know what a statement says, or a procedure that it calls."""
    return _code(error).startswith((_REFUSED_STATEMENT, _UNKNOWN_PROCEDURE))


def is_timed_out(error: DriverError | Neo4jError) -> bool:
    """Whether the server has ended a transaction by its limit of time."""
    return _code(error).startswith(_TIMED_OUT)


def is_of_query(error: DriverError | Neo4jError) -> bool:
    """Whether the server answers other queries, by all that its error says."""
    return _code(error).startswith(_OF_QUERY) or is_short_of_memory(error)


def cause(error: DriverError | Neo4jError) -> str:
    """Return the server's code of an error and its first line."""
    return f"{_code(error)}: {first_line(error)}"


def is_of_database(error: DriverError | Neo4jError) -> bool:
    """Whether the server may know more of the failure: the database itself is not in order."""
    return isinstance(error, DatabaseError | DatabaseUnavailable)


def names_full_disk(status: str) -> bool:
    """Whether the server's words on a database say that its disk is full, which does not pass."""
    return any(words in status.lower() for words in _FULL_DISK)


def first_line(error: DriverError | Neo4jError) -> str:
    """Return the first line of an error's message."""
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0].rstrip(":")


def _code(error: DriverError | Neo4jError) -> str:
    """Return the server's code of an error; empty if it is not the server's."""
    return getattr(error, "code", None) or ""
