"""The settings of restore drills: the scratch Neo4j, the private keys and the questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neo4j_r2.config import parsers
from neo4j_r2.config.neo4j_settings import Neo4jSettings, read_other_login
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret


@dataclass(frozen=True)
class DrillSettings:
    """Where drills restore to, and what they need besides."""

    uri: str
    """The scratch Neo4j; empty if no drills are possible."""
    user: str
    password: Secret
    """Empty unless the command drills."""
    database: str
    """The scratch database; empty: it has the name of the database that was backed up."""
    identity_file: Path | None
    """The file of private keys that open encrypted backups."""
    checks_file: Path | None
    """The file of questions that are asked of the restored graph."""

    def scratch(self, database: str) -> Neo4jSettings:
        """Return how to log in at the scratch database for the backups of a database."""
        name = self.database or database
        return Neo4jSettings(
            self.uri,
            self.user,
            self.password,
            name,
            is_other=True,
            named_by="DRILL_NEO4J_DATABASE",
        )


def read_drill(
    variables: Variables,
    service: ServiceSettings,
    source_uri: str,
    *,
    drills: bool,
) -> DrillSettings:
    """Read the settings; problems are collected in `variables`.

    Only a drill reads the password: no backup fails because it is missing.

    :param source_uri: the address of the Neo4j that is backed up.
    :param drills: whether the command drills now, whatever the schedule is.
    """
    uri = variables.get("DRILL_NEO4J_URI") or ""
    if not uri and (drills or service.drill_schedule):
        whose = "DRILL_SCHEDULE" if service.drill_schedule else "drills"
        variables.miss(f"DRILL_NEO4J_URI is required: the scratch Neo4j of {whose}")
    elif uri and (problem := parsers.neo4j_uri_problem(uri)):
        variables.problem("DRILL_NEO4J_URI", problem)
    elif uri and uri == source_uri:
        variables.problem(
            "DRILL_NEO4J_URI",
            "this is the Neo4j that is backed up; give the address of an empty Neo4j that nobody "
            "uses",
        )
    user, password = (
        read_other_login(variables)
        if uri and drills
        else (variables.read("RESTORE_NEO4J_USER", str, "neo4j"), Secret(""))
    )
    return DrillSettings(
        uri=uri,
        user=user,
        password=password,
        database=variables.read("DRILL_NEO4J_DATABASE", _database_or_none, ""),
        identity_file=variables.read("DRILL_IDENTITY_FILE", _path_or_none, ""),
        checks_file=variables.read("DRILL_CHECKS", _path_or_none, ""),
    )


def _database_or_none(text: str) -> str:
    return parsers.database(text) if text else ""


def _path_or_none(text: str) -> Path | None:
    return parsers.file_path(text) if text else None
