"""How many entities one read asks for: fewer if they are large, or if memory is short."""

from __future__ import annotations

import logging
from typing import Final

from neo4j.exceptions import DriverError, Neo4jError

from neo4j_r2.graph.driver_errors import is_short_of_memory

log = logging.getLogger(__name__)

BATCH_IDS: Final = 128
"""Ids read into one record, for entities of up to 4 KB."""
RECORD_CHARACTERS: Final = 512 * 1024
"""Such a record should not have more characters of cells than this."""
SMALL_BATCH_IDS: Final = 512
"""Ids read into one record, for entities of up to 256 bytes: the work on a record is then spread
over more of them."""
_SMALL_RECORD_CHARACTERS: Final = 128 * 1024
"""The same of such a record: if larger entities come up, those that were asked for still fit."""
QUERY_BATCHES: Final = 64
"""Records read by one query, at most."""
_QUERY_IDS: Final = QUERY_BATCHES * BATCH_IDS
"""Ids read by one query, at most. The sizes change only from one query to the next."""
VALUE_CHARACTERS: Final = 8 * RECORD_CHARACTERS
"""Characters of one property in one record. Each entity has the same share of them; an entity with
a value above its share comes alone."""
UNLIMITED: Final = (1 << 63) - 1
"""Characters of a value in a record of one entity."""


class ReadSizes:
    """The sizes of the reads of one connection; they change while the graph is read."""

    def __init__(self) -> None:
        self._batch_ids = BATCH_IDS
        self._most_ids = SMALL_BATCH_IDS
        self._mean_characters = 0.0
        self._query_batches = QUERY_BATCHES

    def end_each_query(self) -> None:
        """Let a query read one record: it has ended when the record is here.

        A server that allows one transaction at a time refuses any other query until then.
        """
        self._query_batches = 1

    def limits(self, first: int, last: int) -> dict[str, int]:
        """Return the parameters of `EntityQueries.by_range` for the next query.

        :param first: the first id to read.
        :param last: the last id of all, which can be beyond this query.
        """
        batch = self._batch_ids
        ids = min(self._query_batches * batch, _QUERY_IDS)
        return {
            "first": first,
            "last": min(first + ids - 1, last),
            "batch": batch,
            "limit": UNLIMITED if batch == 1 else VALUE_CHARACTERS // batch,
        }

    def expect(self, characters: int, entities: int) -> None:
        """Learn how large some entities were, for the queries after this one.

        The ids in a record are chosen by a mean size: of these entities, and of about `BATCH_IDS`
        before them.
        """
        known = self._mean_characters * BATCH_IDS
        self._mean_characters = (known + characters) / (BATCH_IDS + entities)
        fitting = max(
            min(BATCH_IDS, self._fitting(RECORD_CHARACTERS)),
            min(SMALL_BATCH_IDS, self._fitting(_SMALL_RECORD_CHARACTERS)),
        )
        self._batch_ids = min(self._most_ids, fitting)

    def _fitting(self, characters: int) -> int:
        """Return how many entities have so many characters: a power of two, at least 1."""
        number = int(characters / max(1.0, self._mean_characters))
        return 1 << max(0, number.bit_length() - 1)

    def shrink_after(self, error: DriverError | Neo4jError) -> bool:
        """Make the reads smaller if one failed for its size; returns whether that was done."""
        if is_short_of_memory(error) and self._batch_ids > 1:
            self._most_ids = self._batch_ids = max(1, self._batch_ids // 4)
            log.warning("Neo4j ran out of memory for one read, reading in smaller steps")
            return True
        return False
