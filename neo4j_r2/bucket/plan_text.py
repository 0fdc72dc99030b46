"""Writes what a prune will do, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from neo4j_r2.bucket.prune import Verdict
from neo4j_r2.core.text_table import aligned


def plan(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each backup: keep or remove, and why."""
    rows = [
        (
            "remove" if each.decision.remove else "keep",
            each.backup.archives[0][0] if each.backup.archives else each.backup.manifest_key or "",
            each.decision.reason,
        )
        for each in verdicts
    ]
    return "".join(f"{line}\n" for line in aligned(rows)) if rows else ""
