"""What `verify` finds of each backup; a JSON document for programs tells it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.core.errors import BackupError, CorruptError, Ending, NoKeyError
from neo4j_r2.core.log import redact
from neo4j_r2.restore.examine import Finding
from neo4j_r2.restore.source import StoredSource
from neo4j_r2.run.note_on_failure import with_notes


@dataclass(frozen=True)
class _Examined:
    key: str
    manifest: StoredManifest | None
    finding: Finding
    problem: str


@dataclass(frozen=True)
class Findings:
    """What was found of each backup, in the order in which they were examined."""

    _examined: list[_Examined] = field(default_factory=list)

    def note(self, stored: StoredSource, examine: Callable[[], Finding]) -> Finding:
        """Examine a backup, and note what is found.

        :raises CorruptError: if `examine` does: the backup is not good.
        :raises NoKeyError: if `examine` does: no private key opens the backup.
        """
        try:
            finding = examine()
        except (CorruptError, NoKeyError) as error:
            finding = Finding.LOCKED if isinstance(error, NoKeyError) else Finding.BAD
            self._examined.append(
                _Examined(stored.label, stored.manifest, finding, redact(str(error)))
            )
            raise
        self._examined.append(_Examined(stored.label, stored.manifest, finding, ""))
        return finding

    def note_unreadable(self, manifest_key: str, error: CorruptError) -> None:
        """Note a backup whose manifest does not describe its archive."""
        self._examined.append(_Examined(manifest_key, None, Finding.BAD, redact(str(error))))

    def document(self, drill: str | None, error: BackupError | Ending | None) -> str:
        """Return the findings as JSON.

        :param drill: the scratch Neo4j; None without a drill.
        :param error: why the command fails; None if it does not.
        """
        content = {
            "exit_code": error.exit_code if error else 0,
            "error": redact(with_notes(error)) if error else None,
            "drill": drill,
            "backups": [_entry(each) for each in self._examined],
        }
        return json.dumps(content, indent=1) + "\n"


def _entry(examined: _Examined) -> dict[str, Any]:
    manifest = examined.manifest
    export = manifest.export if manifest else None
    return {
        "key": examined.key,
        "database": manifest.database if manifest else None,
        "finding": examined.finding.value,
        "problem": examined.problem or None,
        "nodes": export.nodes if export else None,
        "relationships": export.relationships if export else None,
    }
