"""Says what changed from one backup of a database to another; asks only R2."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from neo4j_r2.archive.difference import Difference, DifferenceCounts
from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.diff_text import document, entity_line, sections
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import DiffOptions
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import Side
from neo4j_r2.core.tables import show
from neo4j_r2.restore.compare_backups import compare_backups, refuse_incomparable
from neo4j_r2.restore.source import Source, Wish, chosen_source, manifest_of
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation[DiffOptions]) -> int:
    """Print what differs, and return 0, whether anything does or not."""
    options = invocation.options
    config = configure(invocation, logs_in=False, identity=options.identity)
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        diff(bucket, config, options, watch)
    return 0


def diff(bucket: Bucket, config: Config, options: DiffOptions, watch: Watch) -> None:
    """Compare the backups that the command line names."""
    old, new = find_sources(bucket, config, options)
    refuse_incomparable(old, new)
    log.info("Comparing %s with %s", old.label, new.label)
    print_differences(old, new, options, watch)


def find_sources(bucket: Bucket, config: Config, options: DiffOptions) -> list[Source]:
    """Return the two backups that the command line names."""
    keys = (options.first, options.second)
    named = next((key for key in keys if key != LATEST), None)
    database = choose_database(config.databases, options.database, named)
    return [
        unlock(chosen_source(bucket, config.r2.prefix, Wish(database, key)), config.private_keys)
        for key in keys
    ]


def print_differences(old: Source, new: Source, options: DiffOptions, watch: Watch) -> None:
    """Compare two backups, and print what differs. The counts come when both are checked."""
    manifests = [manifest_of(source) for source in (old, new)]
    counts = DifferenceCounts()
    with _ending_with_its_reader():
        if options.entities:  # on a terminal, a bar would be among their lines
            found = compare_backups(old, new, counts, lambda _: watch.progress())
            _print_all(found, manifests, counts, options)
            return
        expected = sum(manifest.export.entities for manifest in manifests)
        with Countdown("Compared", expected, watch.progress) as countdown:
            for _ in compare_backups(old, new, counts, countdown.add):
                pass
        _print_all(None, manifests, counts, options)


def _print_all(
    found: Iterator[Difference] | None,
    manifests: Sequence[Manifest],
    counts: DifferenceCounts,
    options: DiffOptions,
) -> None:
    """Print a document, or lines and a table.

    :param found: the entities to print; None prints only the counts.
    """
    if options.json:
        _write(document(manifests, counts, found))
        return
    if found is not None:
        _write(map(entity_line, found))
        if counts.groups:
            _write("\n")
    show(*sections(counts))


def _write(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


@contextmanager
def _ending_with_its_reader() -> Iterator[None]:
    """End without a traceback if nobody reads any more, as in `diff | head`.

    The signal must not do that from the start: the sockets to R2 would send it too.
    """
    try:
        yield
    except BrokenPipeError:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.raise_signal(signal.SIGPIPE)
        raise
