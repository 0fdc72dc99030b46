"""The whole configuration: read once, checked as a whole, frozen.

Variables come from the environment and from a file `.env` in the working directory. The environment
wins. An empty value counts as none, because Compose passes one on for an unset variable.

The parts are in `neo4j_settings`, `r2_settings`, `prune_settings`, `service_settings`,
`notify_settings` and `drill_settings`. The variables of a backup itself are read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from neo4j_r2.archive.storage.encryption import PrivateKeys, is_recipient, looks_private
from neo4j_r2.config import parsers
from neo4j_r2.config.drill_settings import DrillSettings, read_drill
from neo4j_r2.config.neo4j_settings import (
    Neo4jSettings,
    read_databases,
    read_neo4j,
    read_other_login,
)
from neo4j_r2.config.notify_settings import NotifySettings, read_notify, url_problem
from neo4j_r2.config.prune_settings import PruneSettings, read_prune
from neo4j_r2.config.r2_settings import R2Settings, read_r2
from neo4j_r2.config.service_settings import ServiceSettings, read_service
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret

_RECIPIENTS: Final = "BACKUP_ENCRYPTION_RECIPIENTS"


@dataclass(frozen=True)
class Config:
    """Everything that can be configured."""

    neo4j: Neo4jSettings
    databases: tuple[str, ...]
    """The configured names, in their order; or `parsers.ALL_DATABASES`."""
    r2: R2Settings
    prune: PruneSettings
    compression: bool
    compression_level: int
    """1 to 9; see `pack.gzip_member`."""
    export_method: str
    """auto, apoc or manual."""
    part_size: int | None
    """The size of an upload's part in bytes; None means that it depends on the graph's size."""
    upload_concurrency: int
    retry_seconds: float
    """How long a call to Neo4j or R2 is tried again after a failure that may pass."""
    stall_seconds: float
    """A run that makes no progress for this many seconds is stopped."""
    full_every_days: int
    """How old the full backup of a chain may become; 0 makes every backup a full one."""
    verify_after: bool
    """Whether an archive is read back before it becomes a backup."""
    service: ServiceSettings
    notify: NotifySettings
    drill: DrillSettings
    recipients: tuple[str, ...] = ()
    """The public keys that backups are encrypted to; without any, they are not encrypted."""
    allows_plain_text: bool = False
    """Whether somebody has said that backups need not be encrypted, even if earlier ones are."""
    private_keys: PrivateKeys | None = None
    """The keys that open encrypted backups. No variable has them: to make backups needs none."""
    wants_full: bool = False
    """Whether somebody has asked for a full backup; no variable does."""
    warnings: tuple[str, ...] = ()
    """What looks wrong about the variables, though they can be used; a line each."""

    def of(self, database: str) -> Self:
        """Return the configuration with another database to connect to."""
        return replace(self, neo4j=replace(self.neo4j, database=database))

    def with_state_in(self, directory: Path) -> Self:
        """Return the configuration with another state directory."""
        return replace(self, service=replace(self.service, state_directory=directory))

    def secrets(self) -> list[Secret]:
        """Return every value that no output may show."""
        return [
            self.neo4j.password,
            *([self.drill.password] if self.drill.password else ()),
            self.r2.access_key_id,
            self.r2.secret_access_key,
            *self.notify.secrets(),
            *(self.private_keys.secrets if self.private_keys else ()),
        ]


def read_config(
    environment: Mapping[str, str],
    dotenv: Mapping[str, str],
    *,
    logs_in: bool = True,
    uses_bucket: bool = True,
    receiver_problem: Callable[[str], str | None] = url_problem,
) -> Config:
    """Read and check the whole configuration.

    :param dotenv: what the file `.env` sets.
    :param logs_in: whether the command logs in at Neo4j. If not, it needs no password.
    :param uses_bucket: whether the command uses R2. If not, it needs no variable of R2.
    :param receiver_problem: returns what is wrong with a notification URL. By default, only the
        form of the URL is checked.
    :raises ConfigurationError: naming every variable that is wrong, and what it accepts.
    """
    variables = Variables(environment, dotenv)
    config = _read(
        variables, logs_in=logs_in, uses_bucket=uses_bucket, receiver_problem=receiver_problem
    )
    return _checked(variables, config)


def read_drill_config(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Config:
    """Read and check the whole configuration for a drill, which needs the scratch Neo4j.

    The password of the Neo4j that is backed up is used if it is set.

    :raises ConfigurationError: naming every variable that is wrong, and what it accepts.
    """
    variables = Variables(environment, dotenv)
    return _checked(variables, _read(variables, logs_in=False, drills=True))


def _checked(variables: Variables, config: Config) -> Config:
    variables.look_for_unknown(known_names())
    variables.raise_problems()
    return replace(config, warnings=tuple(variables.warnings))


def known_names() -> frozenset[str]:
    """Return the names of all variables: those that are asked for where none is set."""
    variables = Variables({}, {})
    _read(variables)
    read_other_login(variables)
    return frozenset(variables.asked)


def _read(
    variables: Variables,
    *,
    logs_in: bool = True,
    uses_bucket: bool = True,
    drills: bool = False,
    receiver_problem: Callable[[str], str | None] = url_problem,
) -> Config:
    """Read every part of the configuration; problems are collected in `variables`."""
    service = read_service(variables)
    databases = read_databases(variables)
    neo4j = read_neo4j(variables, databases, logs_in=logs_in, drills=drills)
    return Config(
        neo4j=neo4j,
        databases=databases,
        r2=read_r2(variables, is_used=uses_bucket),
        prune=read_prune(variables, service.time_zone),
        compression=variables.read("BACKUP_COMPRESSION", parsers.boolean, "true"),
        compression_level=variables.read("BACKUP_COMPRESSION_LEVEL", parsers.whole(1, 9), "3"),
        export_method=variables.read(
            "BACKUP_EXPORT_METHOD", parsers.choice("auto", "apoc", "manual"), "auto"
        ),
        part_size=variables.read("BACKUP_PART_SIZE_MB", parsers.part_size, "auto"),
        upload_concurrency=variables.read("BACKUP_UPLOAD_CONCURRENCY", parsers.whole(1, 16), "2"),
        retry_seconds=variables.read("BACKUP_RETRY_SECONDS", parsers.whole(0, 86_400), "300"),
        stall_seconds=variables.read("BACKUP_STALL_SECONDS", parsers.whole(1, 86_400), "900"),
        full_every_days=variables.read("BACKUP_FULL_EVERY_DAYS", parsers.whole(0, 365), "0"),
        verify_after=variables.read("BACKUP_VERIFY", parsers.choice("off", "after"), "off")
        == "after",
        service=service,
        notify=read_notify(variables, receiver_problem),
        drill=read_drill(variables, service, neo4j.uri, drills=drills),
        recipients=_recipients(variables),
        allows_plain_text=_is_plain_text(variables.get(_RECIPIENTS)),
    )


def _recipients(variables: Variables) -> tuple[str, ...]:
    """Return each public key once. A wrong value is never shown: it could be a private key."""
    name = _RECIPIENTS
    value = variables.get(name)
    if _is_plain_text(value):
        return ()
    keys = (value or "").replace(",", " ").split()
    if value and not keys:
        variables.problem(name, "there is no key in it")
    for number, key in enumerate(keys, 1):
        where = f"key {number} of {len(keys)}" if len(keys) > 1 else "the key"
        if looks_private(key):
            variables.problem(
                name,
                f"{where} is a private key, which must not be on this host: accepted is the public "
                "key of it (age1...); make a new pair if others may have seen it",
            )
        elif not is_recipient(key):
            variables.problem(
                name,
                f"{where} is no age public key: accepted is age1... as age-keygen prints it, not "
                "an SSH key or a plugin's; or none alone",
            )
    return tuple(dict.fromkeys(keys))


def _is_plain_text(value: str | None) -> bool:
    return (value or "").strip().lower() == "none"
