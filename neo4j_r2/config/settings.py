"""The configuration: read once, checked as a whole, frozen.

Variables come from the environment and from a file `.env` in the working directory; the
environment wins. An empty value counts as none, as Compose passes one for an unset variable.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Final, Self

from neo4j_r2.archive.storage.encryption import PrivateKeys, is_recipient, looks_private
from neo4j_r2.config import parsers, schedule
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.notify_settings import NotifySettings, read_notify, url_problem
from neo4j_r2.config.schedule import Schedule
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret

SYSTEM_DATABASE: Final = "system"
"""The database of every server, which holds what is known of the others."""


@dataclass(frozen=True)
class Neo4jSettings:
    """Where the graph is and who reads it."""

    uri: str
    user: str
    password: Secret
    """Empty for a command that does not log in."""
    database: str
    """The one that is connected to; where several are configured, each in its turn."""
    is_other: bool = False
    """Whether it is another Neo4j than the configured one, with a login of its own."""


@dataclass(frozen=True)
class R2Settings:
    """Where backups go and who writes them."""

    endpoint_url: str
    access_key_id: Secret
    secret_access_key: Secret
    bucket: str
    prefix: str
    """Without a slash at its end."""
    ca_bundle: Path | None
    """The certificates to trust, instead of the public authorities'."""


@dataclass(frozen=True)
class PruneSettings:
    """What is removed."""

    rules: Rules
    """What is kept."""
    shrink_percent: int = 0
    """By how much a graph may shrink before nothing is removed any more; 0 is by any."""
    is_dry: bool = False
    """Whether it is only told."""


@dataclass(frozen=True)
class ServiceSettings:
    """When backups are made, and what is kept and said of them; no secret among it."""

    schedule: Schedule
    time_zone: tzinfo
    """In which the schedule is meant; prints as its IANA name."""
    run_immediate_backup: bool
    wait_seconds: float
    """How long the service waits for Neo4j when it starts."""
    overdue_minutes: int
    """How long after it was due a missing backup is a failure."""
    metrics_port: int | None
    """Where metrics are served; None is nowhere."""
    metrics_address: str
    """The IP address to listen at; `::` is all of both versions."""
    state_directory: Path
    log_level: str
    log_format: str

    @property
    def due_times(self) -> str:
        """The schedule with its time zone, to see whether it is another one than before."""
        return f"{self.schedule} {self.time_zone}"


@dataclass(frozen=True)
class Config:
    """Everything a run can be told."""

    neo4j: Neo4jSettings
    databases: tuple[str, ...]
    """The names that are configured, in that order; or `parsers.ALL_DATABASES`."""
    r2: R2Settings
    prune: PruneSettings
    compression: bool
    compression_level: int
    """1 to 9; see `pack.gzip_member`."""
    export_method: str
    """auto, apoc or manual."""
    part_size: int | None
    """Bytes of an upload's part; None derives it from the graph's size."""
    upload_concurrency: int
    retry_seconds: float
    """How long a transient failure of either side is tried again."""
    stall_seconds: float
    """How long a run may be without any progress."""
    verify_after: bool
    """Whether an archive is read back before it becomes a backup."""
    service: ServiceSettings
    notify: NotifySettings
    recipients: tuple[str, ...] = ()
    """The public keys that backups are encrypted to; without any they are not."""
    private_keys: PrivateKeys | None = None
    """What opens encrypted backups; never in a variable, as whoever makes backups needs none."""

    def of(self, database: str) -> Self:
        """Return the same for one database."""
        return replace(self, neo4j=replace(self.neo4j, database=database))

    def secrets(self) -> list[Secret]:
        """Return every value that no output may show."""
        return [
            self.neo4j.password,
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
    """Read and check the configuration: the environment, and what a file `.env` sets.

    :param logs_in: whether the command logs in at Neo4j; one that does not needs no password.
    :param uses_bucket: whether the command uses R2; one that does not needs none of its variables.
    :param receiver_problem: says what is wrong with a notification URL; by default only its form.
    :raises ConfigurationError: naming every variable that is wrong, and what it accepts.
    """
    variables = Variables(environment, dotenv)
    service = _service(variables)
    databases = _databases(variables)
    config = Config(
        neo4j=_neo4j(variables, databases, logs_in=logs_in),
        databases=databases,
        r2=_r2(variables, is_used=uses_bucket),
        prune=PruneSettings(
            rules=_rules(variables, service.time_zone),
            shrink_percent=variables.read("BACKUP_SHRINK_PERCENT", parsers.whole(0, 99), "0"),
            is_dry=variables.read("BACKUP_PRUNE_DRY_RUN", parsers.boolean, "false"),
        ),
        compression=variables.read("BACKUP_COMPRESSION", parsers.boolean, "true"),
        compression_level=variables.read("BACKUP_COMPRESSION_LEVEL", parsers.whole(1, 9), "3"),
        export_method=variables.read(
            "BACKUP_EXPORT_METHOD", parsers.choice("auto", "apoc", "manual"), "auto"
        ),
        part_size=variables.read("BACKUP_PART_SIZE_MB", parsers.part_size, "auto"),
        upload_concurrency=variables.read("BACKUP_UPLOAD_CONCURRENCY", parsers.whole(1, 16), "2"),
        retry_seconds=variables.read("BACKUP_RETRY_SECONDS", parsers.whole(0, 86_400), "300"),
        stall_seconds=variables.read("BACKUP_STALL_SECONDS", parsers.whole(1, 86_400), "900"),
        verify_after=variables.read("BACKUP_VERIFY", parsers.choice("off", "after"), "off")
        == "after",
        service=service,
        notify=read_notify(variables, receiver_problem),
        recipients=_recipients(variables),
    )
    variables.raise_problems()
    return config


def read_target(
    environment: Mapping[str, str], dotenv: Mapping[str, str], uri: str
) -> Neo4jSettings:
    """Read who logs in at another Neo4j than the configured one, by its URI.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    variables = Variables(environment, dotenv)
    if problem := parsers.neo4j_uri_problem(uri):
        variables.problem(f"the other Neo4j: {problem}")
    settings = Neo4jSettings(
        uri=uri,
        user=variables.read("RESTORE_NEO4J_USER", str, "neo4j"),
        password=variables.secret("RESTORE_NEO4J_PASSWORD", "the password of RESTORE_NEO4J_USER"),
        database=_first(_databases(variables)),
        is_other=True,
    )
    variables.raise_problems()
    return settings


def read_service_settings(
    environment: Mapping[str, str], dotenv: Mapping[str, str]
) -> ServiceSettings:
    """Read and check only what is no secret and needs no other side; see `read_config`."""
    variables = Variables(environment, dotenv)
    settings = _service(variables)
    variables.raise_problems()
    return settings


def requested_log_format(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> str:
    """Return the log's format before anything is checked: a configuration error is logged too."""
    log_format = Variables(environment, dotenv).get("LOG_FORMAT") or ""
    return "json" if log_format.lower() == "json" else "text"


def requested_state_directory(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Path:
    """Return the state directory before anything else is checked: a failure is recorded there.

    :raises ConfigurationError: if the variable is wrong.
    """
    variables = Variables(environment, dotenv)
    directory = _state_directory(variables)
    variables.raise_problems()
    return directory


def _service(variables: Variables) -> ServiceSettings:
    levels = ("debug", "info", "warning", "error")
    return ServiceSettings(
        schedule=variables.read("BACKUP_SCHEDULE", schedule.parse, "0 2 * * *"),
        time_zone=variables.read("TZ", parsers.time_zone, "UTC"),
        run_immediate_backup=variables.read("RUN_IMMEDIATE_BACKUP", parsers.boolean, "false"),
        wait_seconds=variables.read("NEO4J_WAIT_SECONDS", parsers.whole(1, 86_400), "300"),
        overdue_minutes=variables.read("BACKUP_OVERDUE_MINUTES", parsers.whole(1, 99_999), "60"),
        metrics_port=variables.read("METRICS_PORT", parsers.port, ""),
        metrics_address=variables.read("METRICS_ADDRESS", parsers.ip_address, "127.0.0.1"),
        state_directory=_state_directory(variables),
        log_level=variables.read("LOG_LEVEL", parsers.choice(*levels), "info"),
        log_format=variables.read("LOG_FORMAT", parsers.choice("text", "json"), "text"),
    )


def _rules(variables: Variables, time_zone: tzinfo) -> Rules:
    number = parsers.whole(0, 99_999)
    rules = Rules(
        days=variables.read("BACKUP_RETENTION_DAYS", parsers.retention_days, "7"),
        last=variables.read("BACKUP_KEEP_LAST", number, "0"),
        daily=variables.read("BACKUP_KEEP_DAILY", number, "0"),
        weekly=variables.read("BACKUP_KEEP_WEEKLY", number, "0"),
        monthly=variables.read("BACKUP_KEEP_MONTHLY", number, "0"),
        yearly=variables.read("BACKUP_KEEP_YEARLY", number, "0"),
        minimum=variables.read("BACKUP_KEEP_MINIMUM", number, "0"),
        time_zone=time_zone,
    )
    if rules.days is None and not rules.counts:
        variables.problem("BACKUP_RETENTION_DAYS=none: accepted beside a rule of BACKUP_KEEP_*")
    return rules


def _databases(variables: Variables) -> tuple[str, ...]:
    return variables.read("NEO4J_DATABASE", parsers.databases, "neo4j")


def _first(databases: tuple[str, ...]) -> str:
    return SYSTEM_DATABASE if databases == parsers.ALL_DATABASES else databases[0]


def _neo4j(variables: Variables, databases: tuple[str, ...], *, logs_in: bool) -> Neo4jSettings:
    host = variables.read("NEO4J_HOST", parsers.host, "neo4j")
    port = variables.read("NEO4J_BOLT_PORT", parsers.whole(1, 65_535), "7687")
    uri = f"bolt://[{host}]:{port}" if ":" in host else f"bolt://{host}:{port}"
    if given := variables.get("NEO4J_URI"):
        uri = given
        if problem := parsers.neo4j_uri_problem(given):
            variables.problem(f"NEO4J_URI: {problem}")
    what = "the password of NEO4J_USER"
    return Neo4jSettings(
        uri=uri,
        user=variables.read("NEO4J_USER", str, "neo4j"),
        password=variables.secret("NEO4J_PASSWORD", what) if logs_in else Secret(""),
        database=_first(databases),
    )


def _r2(variables: Variables, *, is_used: bool) -> R2Settings:
    if not is_used:
        return R2Settings("", Secret(""), Secret(""), "", "", None)
    return R2Settings(
        endpoint_url=_endpoint_url(variables),
        access_key_id=variables.secret("R2_ACCESS_KEY_ID", "an R2 API token's access key id"),
        secret_access_key=variables.secret("R2_SECRET_ACCESS_KEY", "that token's secret"),
        bucket=variables.required(
            "R2_BUCKET_NAME", parsers.bucket, "the bucket that backups go to"
        ),
        prefix=variables.read("BACKUP_PREFIX", parsers.prefix, "neo4j-backup"),
        ca_bundle=variables.read("AWS_CA_BUNDLE", parsers.readable_file, ""),
    )


def _recipients(variables: Variables) -> tuple[str, ...]:
    """Return the public keys, each once. No value that is wrong is shown: it could be private."""
    name = "BACKUP_ENCRYPTION_RECIPIENTS"
    value = variables.get(name)
    keys = (value or "").replace(",", " ").split()
    if value and not keys:
        variables.problem(f"{name}: there is no key in it")
    for number, key in enumerate(keys, 1):
        where = f"{name}: key {number} of {len(keys)}"
        if looks_private(key):
            variables.problem(
                f"{where} is a private key, which must not be on this host: accepted is the public "
                "key of it (age1...); make a new pair if others may have seen it"
            )
        elif not is_recipient(key):
            variables.problem(
                f"{where} is no age public key: accepted is age1... as age-keygen prints it, not "
                "an SSH key or a plugin's"
            )
    return tuple(dict.fromkeys(keys))


def _endpoint_url(variables: Variables) -> str:
    if given := variables.get("R2_ENDPOINT_URL"):
        if problem := parsers.endpoint_problem(given):
            variables.problem(f"R2_ENDPOINT_URL: {problem}")
        return given.rstrip("/")
    what = "the Cloudflare account's id (or set R2_ENDPOINT_URL)"
    account = variables.required("R2_ACCOUNT_ID", parsers.account, what)
    return f"https://{account}.r2.cloudflarestorage.com"


def _state_directory(variables: Variables) -> Path:
    """Return the chosen directory, or the user's own for state, as the XDG specification has it."""
    home = variables.get("HOME") or tempfile.gettempdir()
    default = variables.get("XDG_STATE_HOME") or f"{home}/.local/state"
    return variables.read("BACKUP_STATE_DIR", parsers.directory, f"{default}/neo4j-r2-backup")
