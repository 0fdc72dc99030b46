"""Backups of one graph: every contender in turns, each into a bucket of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench import archives, records
from bench.options import Options
from bench.records import Archive, Graph, Journal, Sample
from bench.stage import BACKUP, Stage

_PEERS: Final = (records.APOC_FILE, records.APOC_STREAM)
_STREAM_BATCH: Final = {"social": 20_000, "graphiti": 1_000}
"""Entities in one row of APOC's stream: its default, or fewer where that would be 400 MB."""


class Backups:
    """The contenders, and the graph that they back up."""

    def __init__(self, stage: Stage, graph: Graph, session: str, options: Options) -> None:
        """Prepare; nothing is run."""
        self._stage = stage
        self._graph = graph
        self._session = session
        self._options = options
        self._has_peers = options.has_peers(graph.entities)

    def compare(self, journal: Journal) -> None:
        """Run every contender to warm up, then to measure it, in turns."""
        contenders = (records.OURS, *(_PEERS if self._has_peers else ()), records.FLOOR)
        journal.add(self._archive())
        for contender in contenders * self._options.warm_up:
            self._run(contender)
        for _ in range(self._options.repeat):
            for contender in contenders:
                journal.add(self._run(contender))

    def _archive(self) -> Archive:
        """Make a backup that is not measured, and return what is to be known of it."""
        bucket = archives.back_up(self._stage)
        gzip_bytes = None
        if self._has_peers:
            archive = archives.download(self._stage, bucket)
            gzip_bytes = archives.gzip_size(archive)
            archive.unlink()
        self._stage.remove_bucket(bucket)
        auto = archives.choice_of_auto(self._stage)
        return Archive(self._session, self._graph, auto, gzip_bytes)

    def _run(self, contender: str) -> Sample:
        stage, bucket = self._stage, self._stage.new_bucket()
        usage = stage.run(
            self._command(contender), bucket, stage.source, BACKUP_EXPORT_METHOD="manual"
        )
        if contender in _PEERS:
            stage.warn_of_failure(usage, contender)
        else:
            stage.require_success(usage)
        stored_bytes = sum(stage.stored(bucket).values())
        stage.remove_bucket(bucket)
        has_succeeded = usage.exit_code == 0
        return Sample(
            self._session, "backup", self._graph, contender, has_succeeded, usage, stored_bytes
        )

    def _command(self, contender: str) -> Sequence[str]:
        match contender:
            case records.OURS:
                return [BACKUP]
            case records.APOC_FILE:
                directory = self._stage.source.import_directory
                return ["-m", "bench.peers.apoc_file", str(directory)]
            case records.APOC_STREAM:
                return ["-m", "bench.peers.apoc_stream", str(_STREAM_BATCH[self._graph.name])]
            case _:
                return ["-m", "bench.floor", "read"]
