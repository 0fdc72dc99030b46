"""A schema as LangChain and its relatives tell it, without what a store does not keep."""

from __future__ import annotations

import re


def schema_lines(text: str) -> list[list[str]]:
    """Return the words of each line; no store keeps the order of a node's properties."""
    return sorted(sorted(re.findall(r"[^\s,{}]+", line)) for line in text.splitlines())
