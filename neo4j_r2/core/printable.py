"""Writes a foreign text so that a terminal shows it and does nothing else with it."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a foreign text in ASCII, with escapes, so that it cannot control a terminal."""
    return text.encode("unicode_escape").decode("ascii")
