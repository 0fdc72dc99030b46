"""Shows what a prune will do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from neo4j_r2.bucket.prune import Verdict
from neo4j_r2.core.tables import columns


def plan(verdicts: Sequence[Verdict]) -> RenderableType:
    """Return a row for each backup: keep or remove, and why."""
    return columns(
        [
            (
                "remove" if each.decision.remove else "keep",
                each.backup.archives[0][0]
                if each.backup.archives
                else each.backup.manifest_key or "",
                each.decision.reason,
            )
            for each in verdicts
        ]
    )
