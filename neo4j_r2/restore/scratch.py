"""The scratch database: whether a drill may use it, and emptying it of what a drill has left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import ConfigurationError, GraphError, LoginRefusedError
from neo4j_r2.graph import scratch_mark, unfinished_mark
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.database_contents import database_contents
from neo4j_r2.graph.fit_for_restore import refuse_unfit_for_restore
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.fill import Announcements, Restore
from neo4j_r2.run.drill_record import DrillRecord
from neo4j_r2.run.drill_state import Claim

log = logging.getLogger(__name__)

_NO_RETRIES: Final = 0
"""Seconds: a drill does not wait for the Neo4j that is backed up."""
_HOW_TO_EMPTY: Final = 'docs/restore.md, "To empty a Neo4j"'


@dataclass(frozen=True)
class BackedUp:
    """What is known of databases that are backed up: a drill must not touch any of them."""

    ids: Collection[str]
    """Their database identities."""
    settings: Sequence[Neo4jSettings] = ()
    """How to ask them for their identities of now."""


class Scratch:
    """A database that a drill restores into: empty before, and empty in the end."""

    marks: ClassVar[Collection[str]] = (unfinished_mark.NAME,)
    """The names of the indexes that a restore keeps, and that a comparison leaves out."""
    _is_backed_up: ClassVar = "--drill: this is the database that the backup was taken of"
    _how_to_empty: ClassVar = "Empty it"
    _until: ClassVar = ""
    _when_incomplete: ClassVar = "empty it before the next drill"

    def __init__(
        self, graph: Graph, target: Target, backed_up: BackedUp, on_alive: Callable[[], None]
    ) -> None:
        """Describe the database; nothing is asked or written yet.

        :param on_alive: is called during a long statement, whenever the server answers.
        """
        self.graph = graph
        self.uri = graph.connection.uri
        announcements = Announcements(
            replacing=f"Replacing what {self.uri} holds",
            incomplete=f"{self.uri} is left incomplete: {self._when_incomplete}",
        )
        self.restore = Restore(graph, target, on_alive, announcements, self.marks)
        self._target = target
        self._backed_up = backed_up

    def admit(self) -> None:
        """Refuse a database that is backed up, and one that is not empty or not writable.

        :raises ConfigurationError: if the database is backed up.
        :raises GraphError: if it is not empty, or cannot take a restore.
        """
        self._log_in()
        self._refuse_contents()

    def claim(self) -> Database:
        """Look again, right before the restore, and return the database; see `admit`."""
        database = self._log_in()
        self._refuse_contents()
        return database

    def empty(self) -> None:
        """Remove all data and the whole schema, but for the two indexes of a new database."""
        self.restore.clear()

    def holding(self, label: str) -> str:
        """Return the end of a sentence: what a drill leaves there that has failed."""
        return f"{self.uri} holds what came back of {label}{self._until}"

    def _log_in(self) -> Database:
        """Log in, and refuse a database by what it is."""
        database = log_in(self.graph.connection)
        known, others = self._backed_up.ids, self._backed_up.settings
        if database.id in known or database.id in map(_ask_for_id, others):
            raise ConfigurationError(
                f"{self._is_backed_up}; give the address of an empty Neo4j that nobody uses"
            )
        refuse_unfit_for_restore(self.graph.connection, database.name)
        return database

    def _refuse_contents(self) -> None:
        self._refuse(database_contents(self.graph).drill_obstacles())

    def _refuse(self, obstacles: Sequence[str]) -> None:
        if obstacles:
            raise GraphError(
                f"The drill needs an empty database, but {'; '.join(obstacles)}. In the end it "
                f"would remove all of this. {self._how_to_empty}, or give the address of another "
                "Neo4j"
            )


class ClaimedScratch(Scratch):
    """The scratch database of a service, which knows by a mark what its drills have left there."""

    marks = (unfinished_mark.NAME, scratch_mark.NAME)
    _is_backed_up = "DRILL_NEO4J_URI: this is a database that is backed up"
    _how_to_empty = f"Empty it ({_HOW_TO_EMPTY})"
    _until = " until the next drill"
    _when_incomplete = "the next drill empties it"

    def __init__(
        self,
        graph: Graph,
        target: Target,
        backed_up: BackedUp,
        on_alive: Callable[[], None],
        record: DrillRecord,
    ) -> None:
        """Describe the database; nothing is asked or written yet; see `Scratch`.

        :param record: knows the token of this host, and is told what is claimed.
        """
        super().__init__(graph, target, backed_up, on_alive)
        self._record = record

    def admit(self) -> None:
        """Refuse what `Scratch` refuses, and empty the database of what a drill has left.

        :raises ConfigurationError: if the database is backed up.
        :raises GraphError: if it holds anything else, or cannot take a restore.
        """
        found = Claim(self.uri, self._log_in().id)
        token = scratch_mark.read_token(self.graph)
        if is_own_leftover(found, token, self._record.claim, self._record.token):
            log.info(
                "Emptying %s of what an earlier drill of this service has left there", self.uri
            )
            self.empty()
        self._refuse_contents()

    def claim(self) -> Database:
        """Look again, and mark the empty database. All that it holds from now on is the drill's.

        What is to be marked is recorded first. So there is no mark that this host does not know.
        """
        database = super().claim()
        self._record.set_claim(Claim(self.uri, database.id))
        self._target.run(scratch_mark.creation(self._record.token))
        written = database_contents(self.graph).without(scratch_mark.NAME)
        if obstacles := written.drill_obstacles():  # somebody was quicker than the mark
            self._remove_mark()
            self._refuse(obstacles)
        return database

    def empty(self) -> None:
        """Remove all data, the whole schema, and last the mark."""
        super().empty()
        self._target.run(unfinished_mark.REMOVAL)
        self._remove_mark()

    def _remove_mark(self) -> None:
        self._target.run(scratch_mark.REMOVAL)
        self._record.set_claim(None)

    def _refuse_contents(self) -> None:
        if is_of_another(scratch_mark.read_token(self.graph), self._record.token):
            raise GraphError(
                "The drill needs an empty database, but it holds a drill of another service, or of "
                "this one before its state was lost: give each service a scratch Neo4j of its own, "
                f"or empty it ({_HOW_TO_EMPTY})"
            )
        super()._refuse_contents()


def is_own_leftover(found: Claim, found_token: str | None, claim: Claim | None, token: str) -> bool:
    """Whether a drill of this host has left what a database holds.

    :param found: the database.
    :param found_token: the token of its mark; None without a mark.
    :param claim: the database that this host has marked last.
    :param token: this host's.
    """
    return found_token == token and found == claim


def is_of_another(found_token: str | None, token: str) -> bool:
    """Whether a database has the mark of another host; see `is_own_leftover`."""
    return found_token not in (None, token)


def _ask_for_id(settings: Neo4jSettings) -> str | None:
    """Return the identity of a database that is backed up.

    :return: None if it does not answer: then it is not the scratch database, which does.
    :raises LoginRefusedError: if it refuses the login.
    """
    with Connection(settings, _NO_RETRIES) as connection:
        try:
            return log_in(connection).id
        except LoginRefusedError:
            raise
        except GraphError as error:
            log.debug("Whether the scratch Neo4j is %s is not known: %s", settings.uri, error)
            return None
