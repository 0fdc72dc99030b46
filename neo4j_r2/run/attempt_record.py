"""What becomes known about one database while it is backed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.usage import Usage
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
        self.pause: str | None = None
        """Why no backup is removed; empty without a pause; None as long as that is not known."""
        self.stored: Usage | None = None

    def found(self) -> None:
        """Record that the database exists: from now on backups of it are expected."""
        self._on_found()

    def made(self, manifest: StoredManifest) -> None:
        """Record the backup at once: it stays good even if a later step fails."""
        self.backup = BackupState.of(manifest)
        self.started = self.backup.started
        self._on_backup(self.backup)
