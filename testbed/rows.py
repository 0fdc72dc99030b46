"""A list for a query with many rows as its parameters."""

from typing import Any


class Rows(list[Any]):
    """A list with a short `repr`.

    The driver formats all parameters for a debug line, even if nobody reads it. For embeddings that
    would take a third of the time."""

    def __repr__(self) -> str:
        """Return a placeholder."""
        return "[...]"
