"""Reads a whole archive, to prove that it is good before anybody relies on it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.items import Adaptation, Item
from neo4j_r2.core.errors import CorruptError, Side
from neo4j_r2.core.figures import counted, graph_size
from neo4j_r2.core.printable import printable
from neo4j_r2.graph.reader import Graph
from neo4j_r2.restore.item_cache import ItemCache
from neo4j_r2.restore.source import Source
from neo4j_r2.restore.try_values import Trial
from neo4j_r2.restore.verify import verify
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def check_before_restore(source: Source, graph: Graph, watch: Watch, cache: ItemCache) -> Contents:
    """Read the whole archive that is to be restored; the database is not touched.

    :param graph: the target, which tries the values that it might not be able to make.
    :param cache: is given every item, so that the replay need not read the archive again.
    :raises CorruptError: if anything is wrong with the archive.
    :raises GraphError: if the target cannot make a value of it.
    """
    log.info("Checking the archive")
    trial = Trial(graph, is_proved=source.manifest is not None)

    def on_item(item: Item) -> None:
        cache.add(item)
        tell_adaptation(item)
        trial.add(item)

    with watch.waiting_for(Side.R2):
        contents = read_whole(source, watch, on_item)
    trial.finish()
    _tell_good(contents)
    if source.manifest is None:
        log.warning(
            "It has no manifest, so nobody can tell whether anything is missing: if there is a "
            "complete backup (`list`), it is safer"
        )
    return contents


def check_before_drill(source: Source, graph: Graph, watch: Watch) -> Contents:
    """Read the whole archive of a backup that is to be drilled; the database is not touched.

    :param graph: the scratch database, which tries the values that it might not be able to make.
    :raises CorruptError: if the archive is not good, or has no manifest.
    :raises GraphError: if the database cannot make a value of it.
    """
    log.info("Checking the archive")
    trial = Trial(graph, is_proved=True)
    with watch.waiting_for(Side.R2):
        contents = read_whole(source, watch, trial.add)
        _require_manifest(source, contents)
    trial.finish()
    _tell_good(contents)
    return contents


def _tell_good(contents: Contents) -> None:
    log.info(
        "The archive is good: %s, %s of the schema",
        graph_size(contents.nodes, contents.relationships),
        counted(len(contents.schema), "statement"),
    )


def prove(
    source: Source, watch: Watch, on_item: Callable[[Item], None] = lambda _: None
) -> Contents:
    """Read the whole archive of a backup.

    :param on_item: is called with each item.
    :raises CorruptError: if it is not good, or has no manifest and so is no complete backup.
    """
    contents = read_whole(source, watch, on_item)
    _require_manifest(source, contents)
    log.info("Good: %s (%s)", source.label, graph_size(contents.nodes, contents.relationships))
    return contents


def _require_manifest(source: Source, contents: Contents) -> None:
    """:raises CorruptError: if an archive that can be read is no complete backup."""
    if source.manifest is None:
        size = graph_size(contents.nodes, contents.relationships)
        raise CorruptError(
            f"{source.label} has no manifest, so it is no complete backup; every statement of it "
            f"can be read: {size}; `restore` takes it all the same, but nobody can tell whether "
            "anything is missing"
        )


def read_whole(
    source: Source, watch: Watch, on_item: Callable[[Item], None] = lambda _: None
) -> Contents:
    """Read an archive from its start to its end, and warn of what the backup could not state.

    :param on_item: is called with each item.
    :raises CorruptError: if anything is wrong with the archive.
    """
    contents = verify(source, watch, on_item)
    warn_of_unstated(source)
    return contents


def tell_adaptation(item: Item) -> None:
    """Log what became of a statement that Neo4j does not know any more, if the item says so."""
    if not isinstance(item, Adaptation):
        return
    old, new = (printable(" ".join(text.split())) for text in (item.old, item.new))
    outcome = f"becomes {new}" if new else "is left out"
    if item.loss:
        log.warning("Line %d: %s %s: %s", item.line, old, outcome, item.loss)
    else:
        log.info("Line %d: %s %s", item.line, old, outcome)


def warn_of_unstated(source: Source) -> None:
    """Name the constraints and indexes that the backup could not state, if there are any."""
    names = source.manifest.export.unstated_schema if source.manifest else []
    if names:
        log.warning("The backup lacks these constraints and indexes: %s", ", ".join(names))
