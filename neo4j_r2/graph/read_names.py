"""Reads the names of labels, types and keys, in the order in which a database knows them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Final

from neo4j_r2.core.database import Names
from neo4j_r2.core.errors import GraphError, GraphUnavailableError, LoginRefusedError
from neo4j_r2.graph.connection import Connection

log = logging.getLogger(__name__)

_MOST_KEYS: Final = 10_000
"""A server never forgets a key. Where values became keys, there are too many to create them all."""


def read_names(connection: Connection) -> Names:
    """Return the names of a database.

    `db.labels()` has another order than the nodes now and then. So the lists of the nodes decide.
    """
    labels = _column(connection, "CALL db.labels() YIELD label AS name RETURN name")
    if len(labels) > 1:
        labels = _in_order_of_nodes(connection, labels)
    types = _column(
        connection, "CALL db.relationshipTypes() YIELD relationshipType AS name RETURN name"
    )
    keys = _column(connection, "CALL db.propertyKeys() YIELD propertyKey AS name RETURN name")
    return Names(labels, types, keys if len(keys) <= _MOST_KEYS else [])


def _in_order_of_nodes(connection: Connection, labels: Sequence[str]) -> list[str]:
    """Return labels in the order of the nodes' lists; as they are if that cannot be found out."""
    try:
        lists = connection.rows("MATCH (n) RETURN DISTINCT labels(n) AS labels")
        return in_common_order(labels, (row["labels"] for row in lists))
    except (GraphUnavailableError, LoginRefusedError):
        raise
    except (GraphError, CycleError) as error:  # such as a time limit of the server
        log.warning(
            "labels(n) may list labels in another order after a restore (%s); if an application "
            "uses their order, compare it after a restore",
            error,
        )
        return list(labels)


def _column(connection: Connection, query: str) -> list[str]:
    return [row["name"] for row in connection.rows(query)]


def in_common_order(names: Sequence[str], lists: Iterable[Sequence[str]]) -> list[str]:
    """Return names in the one order that all lists have; `names` decides where they leave it open.

    :param lists: parts of one order. They may hold names that `names` lacks.
    :raises CycleError: if they are not parts of one order.
    """
    places = {name: place for place, name in enumerate(names)}
    order: TopologicalSorter[str] = TopologicalSorter()
    for each in lists:
        for before, after in pairwise(each):
            order.add(after, before)
    for name in names:
        order.add(name)
    order.prepare()
    ready = [(places.get(name, len(places)), name) for name in order.get_ready()]
    heapify(ready)
    result = []
    while ready:
        _, name = heappop(ready)
        result.append(name)
        order.done(name)
        for each in order.get_ready():
            heappush(ready, (places.get(each, len(places)), each))
    return result
