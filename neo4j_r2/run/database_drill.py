"""What becomes known about the drill of one database's backup, while it is under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from neo4j_r2.core.clock import now
from neo4j_r2.run.drill_state import ProofState
from neo4j_r2.run.phases import Phases


class DatabaseDrill:
    """What becomes known about the drill of one database's backup."""

    def __init__(
        self,
        started: datetime,
        on_phase: Callable[[str], None],
        on_proof: Callable[[ProofState], None],
    ) -> None:
        self.started = started
        self.archive_key = ""
        """The key of the archive that is drilled; empty before one is chosen."""
        self.phases = Phases(on_phase)
        self.has_backup = True
        """Whether there was anything to drill."""
        self.questions_asked = 0
        self.questions_failed: tuple[str, ...] = ()
        self.proof: ProofState | None = None
        """That the backup is proved; None before."""
        self._on_phase = on_phase
        self._on_proof = on_proof

    def begin(self, archive_key: str) -> None:
        """Begin with a backup; anew, if it takes the place of one that was removed meanwhile.

        That one can be younger than the first begin, and no drill begins before its backup is made.
        """
        if self.archive_key:
            self.started = now()
        self.archive_key = archive_key
        self.phases = Phases(self._on_phase)
        self.questions_asked, self.questions_failed = 0, ()

    def proved(self, proof: ProofState) -> None:
        """Record the proof at once: it stays good even if a later step fails."""
        self.proof = proof
        self._on_proof(proof)
