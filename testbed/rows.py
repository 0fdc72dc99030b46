"""Rows of a query's parameters, for writing many of them."""

from typing import Any


class Rows(list[Any]):
    """A list that prints as nothing: the driver prints all parameters for a debug line of its own,
    whether or not anybody reads it, which for embeddings takes a third of the time."""

    def __repr__(self) -> str:
        """Return a placeholder."""
        return "[...]"
