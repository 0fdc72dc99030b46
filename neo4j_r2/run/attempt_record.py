"""What becomes known about one database while it is backed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from neo4j_r2.archive.manifest import CHAIN_FORMATS, StoredManifest
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.core.log import redact
from neo4j_r2.run.report import BackupKind
from neo4j_r2.run.state import BackupState


class AttemptRecord:
    """What becomes known about one database while it is backed up."""

    def __init__(
        self,
        started: datetime,
        on_found: Callable[[], None],
        on_backup: Callable[[BackupState], None],
    ) -> None:
        self.started = started
        """When the attempt began; once there is a backup, its time, by which people find it."""
        self._on_found = on_found
        self._on_backup = on_backup
        self.backup: BackupState | None = None
        """The backup that was made."""
        self.kind: BackupKind | None = None
        """Of which kind it is; None where no increments are made."""
        self._reason_for_full = ""
        self.pause: str | None = None
        """Why no backup is removed; empty without a pause; None as long as that is not known."""
        self.stored: Usage | None = None

    def found(self) -> None:
        """Record that the database exists: from now on backups of it are expected."""
        self._on_found()

    def full_because(self, reason: str) -> None:
        """Keep for the report why the backup is a full one, where it could be an increment."""
        self._reason_for_full = redact(" ".join(reason.split()))

    def made(self, manifest: StoredManifest) -> None:
        """Record the backup at once: it stays good even if a later step fails."""
        self.backup = BackupState.of(manifest)
        self.started = self.backup.started
        if manifest.format_version in CHAIN_FORMATS:
            needs = len(manifest.needs)
            self.kind = BackupKind(needs, "" if needs else self._reason_for_full)
        self._on_backup(self.backup)
