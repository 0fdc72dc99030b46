"""Replays a whole archive into a database, and reports what the database then holds."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.items import Item
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import duration, graph_size
from neo4j_r2.restore.check_archive import tell_adaptation, warn_of_unstated
from neo4j_r2.restore.fill import Counts, Outcome, Restore, read_ahead
from neo4j_r2.restore.item_cache import ItemCache
from neo4j_r2.restore.source import Source
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def replay_archive(
    restore: Restore,
    items: Iterable[Item],
    counts: Counts | None,
    watch: Watch,
    *,
    replaces: bool,
) -> None:
    """Replay the items, and log how many entities the database then holds.

    :param counts: how many entities there have to be in the end; None if nobody knows.
    :param replaces: whether data in the database may be removed.
    :raises CorruptError: if the database then differs from the archive.
    """
    total = counts.labels.total() + counts.types.total() if counts else 0
    began = time.monotonic()
    restored = Countdown("Restored", total, watch.progress)
    outcome = restore.run(items, counts, restored, replaces=replaces)
    _report(outcome, time.monotonic() - began)


def items_to_replay(source: Source, cache: ItemCache | None, watch: Watch) -> Iterable[Item]:
    """Return the archive's items: from the check's cache if all are in it, else read anew.

    :param cache: None if the archive was not checked.
    """
    if cache is None:
        log.warning("Not checked first: damage in it would leave the database incomplete")
        warn_of_unstated(source)
        return read_ahead(_telling(source.items()), watch)
    if cache.is_whole:
        return cache.release()
    return read_ahead(source.items(), watch)


def _telling(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        tell_adaptation(item)
        yield item


def expected_counts(source: Source, contents: Contents | None) -> Counts | None:
    """Return how many entities the restored database must have; None if that cannot be known.

    :param contents: what the check found; None if the archive was not checked.
    """
    if contents is not None:
        return Counts(contents.labels, contents.types) if contents.is_countable else None
    if source.manifest is None:
        return None
    export = source.manifest.export
    return Counts(Counter(export.nodes_by_labels), Counter(export.relationships_by_type))


def _report(outcome: Outcome, seconds: float) -> None:
    size = graph_size(outcome.nodes, outcome.relationships)
    for problem in outcome.problems:
        log.warning("%s", problem)
    if outcome.problems:
        raise CorruptError(f"The data is restored ({size}), but not all is as the archive says")
    log.info("Restore completed successfully! %s in %s", size, duration(timedelta(seconds=seconds)))
