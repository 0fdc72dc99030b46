"""The limits that an administrator can set on a server, and what helps against a refusal by one."""

from __future__ import annotations

from typing import Final

TRANSACTIONS_SETTING: Final = "db.transaction.concurrent.maximum"
READ_ONLY_CURE: Final = (
    "take it out of server.databases.read_only; or, where server.databases.default_to_read_only is "
    "set, name it in server.databases.writable"
)
_TRANSIENT: Final = "Neo.TransientError."
_ONE_TRANSACTION: Final = "db.memory.transaction.max threshold"
"""In the message of a server that had too little memory for a transaction, whatever else it does.
The code is the same as that of all transactions together."""
_TOO_MANY_TRANSACTIONS: Final = f"{_TRANSIENT}Transaction.MaximumTransactionLimitReached"
_NO_THREADS: Final = f"{_TRANSIENT}Request.NoThreadsAvailable"
_STOP_OTHERS: Final = "stop other programs that use this Neo4j, or raise"
_CURES: Final = {
    _TOO_MANY_TRANSACTIONS: f"{_STOP_OTHERS} {TRANSACTIONS_SETTING}",
    _NO_THREADS: f"{_STOP_OTHERS} server.bolt.thread_pool_max_size",
    f"{_TRANSIENT}Transaction.LockAcquisitionTimeout": (
        "another transaction has kept a lock for longer than db.lock.acquisition.timeout; stop the "
        "programs that use this database"
    ),
    f"{_TRANSIENT}General.MemoryPoolOutOfMemoryError": f"{_STOP_OTHERS} that setting",
    f"{_TRANSIENT}General.OutOfMemoryError": "raise server.memory.heap.max_size",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase": READ_ONLY_CURE,
}
_BUSY: Final = frozenset({_TOO_MANY_TRANSACTIONS, _NO_THREADS})


def cure(code: str) -> str | None:
    """Return what helps against a refusal with an error code; None if it is not by a limit."""
    return _CURES.get(code)


def is_of_one_transaction(message: str) -> bool:
    """Whether a transaction was too large by itself."""
    return _ONE_TRANSACTION in message


def is_busy(code: str) -> bool:
    """Whether the server works for so many clients that it took no more work."""
    return code in _BUSY
