"""The settings of Neo4j: its address, the login, and the databases that are backed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from neo4j_r2.config import parsers
from neo4j_r2.config.quotes import quotes_hint
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret

SYSTEM_DATABASE: Final = "system"
"""Every server has this database. It knows which other databases the server has."""


@dataclass(frozen=True)
class Neo4jSettings:
    """The address of Neo4j, the login, and one database."""

    uri: str
    user: str
    password: Secret
    """Empty for a command that does not log in."""
    database: str
    """The database to connect to. If several are configured, each has its turn."""
    is_other: bool = False
    """Whether this is the Neo4j of RESTORE_NEO4J_*, which has a login of its own."""
    named_by: str = "NEO4J_DATABASE (or --database, --to-database)"
    """What gives the database's name, for messages."""

    @property
    def login_variables(self) -> tuple[str, str]:
        """The names of the variables with the user and the password."""
        if self.is_other:
            return "RESTORE_NEO4J_USER", "RESTORE_NEO4J_PASSWORD"
        return "NEO4J_USER", "NEO4J_PASSWORD"

    @property
    def login_hint(self) -> str:
        """What looks wrong about the login; empty if nothing does."""
        values = (self.user, self.password.reveal())
        return quotes_hint(dict(zip(self.login_variables, values, strict=True)))


def read_databases(variables: Variables) -> tuple[str, ...]:
    """Read the names of the databases, in the configured order; or `parsers.ALL_DATABASES`."""
    return variables.read("NEO4J_DATABASE", parsers.databases, "neo4j")


def read_neo4j(
    variables: Variables, databases: tuple[str, ...], *, logs_in: bool, drills: bool = False
) -> Neo4jSettings:
    """Read the settings of the Neo4j that is backed up.

    :param logs_in: whether a password is needed.
    :param drills: whether a password is used if it is there.
    """
    host = variables.read("NEO4J_HOST", parsers.host, "neo4j")
    port = variables.read("NEO4J_BOLT_PORT", parsers.whole(1, 65_535), "7687")
    uri = f"bolt://[{host}]:{port}" if ":" in host else f"bolt://{host}:{port}"
    if given := variables.get("NEO4J_URI"):
        uri = given
        if problem := parsers.neo4j_uri_problem(given):
            variables.problem("NEO4J_URI", problem)
    password = Secret("")
    if logs_in:
        password = variables.secret("NEO4J_PASSWORD", "the password of NEO4J_USER")
    elif drills:
        password = variables.optional_secret("NEO4J_PASSWORD")
    return Neo4jSettings(
        uri=uri,
        user=variables.read("NEO4J_USER", str, "neo4j"),
        password=password,
        database=_first(databases),
    )


def read_target(
    environment: Mapping[str, str], dotenv: Mapping[str, str], uri: str
) -> Neo4jSettings:
    """Read the login at another Neo4j than the configured one.

    :param uri: the address of the other Neo4j.
    :raises ConfigurationError: naming every variable that is wrong.
    """
    variables = Variables(environment, dotenv)
    if problem := parsers.neo4j_uri_problem(uri):
        variables.problem("the other Neo4j", problem)
    user, password = read_other_login(variables)
    database = _first(read_databases(variables))
    variables.raise_problems()
    return Neo4jSettings(uri, user, password, database, is_other=True)


def read_other_login(variables: Variables) -> tuple[str, Secret]:
    """Read the user and the password for another Neo4j than the configured one."""
    user = variables.read("RESTORE_NEO4J_USER", str, "neo4j")
    return user, variables.secret("RESTORE_NEO4J_PASSWORD", "the password of RESTORE_NEO4J_USER")


def _first(databases: tuple[str, ...]) -> str:
    return SYSTEM_DATABASE if databases == parsers.ALL_DATABASES else databases[0]
