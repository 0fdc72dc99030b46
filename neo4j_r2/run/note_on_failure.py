"""Adds to an error what it means for the reader, such as that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

UNCHANGED: Final = "nothing was changed"


@contextmanager
def note_on_failure(note: str, kind: type[BaseException] = BaseException) -> Iterator[None]:
    """Add a note to every error of a kind that leaves the context; `conclude` shows it.

    Signals count too: they are errors for a run.
    """
    try:
        yield
    except kind as error:
        error.add_note(note)
        raise


def with_notes(error: BaseException) -> str:
    """Return the text of an error, and its notes after it; below it if it is a list."""
    text = str(error)
    separator = "\n" if "\n" in text else "; "
    return separator.join([text, *getattr(error, "__notes__", ())])
