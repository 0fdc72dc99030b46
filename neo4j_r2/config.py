"""The configuration: read once, checked as a whole, frozen.

Variables come from the environment and from a file `.env` in the working directory; the
environment wins. An empty value counts as none, as Compose passes one for an unset variable.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neo4j_r2 import accepted
from neo4j_r2.errors import ConfigurationError
from neo4j_r2.secret import Secret
from neo4j_r2.variables import Variables, read_dotenv


@dataclass(frozen=True)
class Neo4jSettings:
    """Where the graph is and who reads it."""

    uri: str
    user: str
    password: Secret
    database: str


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
class Config:
    """Everything a run can be told."""

    neo4j: Neo4jSettings
    r2: R2Settings
    schedule: str
    run_immediate_backup: bool
    retention_days: int
    """0 keeps everything."""
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
    state_directory: Path
    log_level: str
    log_format: str

    def secrets(self) -> list[Secret]:
        """Return every value that no output may show."""
        return [self.neo4j.password, self.r2.access_key_id, self.r2.secret_access_key]


def read_config(environment: Mapping[str, str], dotenv: Path) -> Config:
    """Read and check the configuration.

    :raises ConfigurationError: naming every variable that is wrong, and what it accepts.
    """
    variables = Variables(environment, read_dotenv(dotenv))
    config = Config(
        neo4j=_neo4j(variables),
        r2=_r2(variables),
        schedule=variables.read("BACKUP_SCHEDULE", accepted.schedule, "0 2 * * *"),
        run_immediate_backup=variables.read("RUN_IMMEDIATE_BACKUP", accepted.boolean, "false"),
        retention_days=variables.read("BACKUP_RETENTION_DAYS", accepted.whole(0, 36_500), "7"),
        compression=variables.read("BACKUP_COMPRESSION", accepted.boolean, "true"),
        compression_level=variables.read("BACKUP_COMPRESSION_LEVEL", accepted.whole(1, 9), "2"),
        export_method=variables.read(
            "BACKUP_EXPORT_METHOD", accepted.choice("auto", "apoc", "manual"), "auto"
        ),
        part_size=variables.read("BACKUP_PART_SIZE_MB", accepted.part_size, "auto"),
        upload_concurrency=variables.read("BACKUP_UPLOAD_CONCURRENCY", accepted.whole(1, 16), "2"),
        retry_seconds=variables.read("BACKUP_RETRY_SECONDS", accepted.whole(0, 86_400), "300"),
        stall_seconds=variables.read("BACKUP_STALL_SECONDS", accepted.whole(1, 86_400), "900"),
        state_directory=variables.read(
            "BACKUP_STATE_DIR", accepted.directory, _default_state_directory(environment)
        ),
        log_level=variables.read(
            "LOG_LEVEL", accepted.choice("debug", "info", "warning", "error"), "info"
        ),
        log_format=variables.read("LOG_FORMAT", accepted.choice("text", "json"), "text"),
    )
    variables.raise_problems()
    return config


def requested_log_format(environment: Mapping[str, str], dotenv: Path) -> str:
    """Return the log's format before anything is checked: a configuration error is logged too."""
    try:
        variables = Variables(environment, read_dotenv(dotenv))
    except ConfigurationError:
        return "text"
    return "json" if (variables.get("LOG_FORMAT") or "").lower() == "json" else "text"


def _neo4j(variables: Variables) -> Neo4jSettings:
    host = variables.read("NEO4J_HOST", accepted.host, "neo4j")
    port = variables.read("NEO4J_BOLT_PORT", accepted.whole(1, 65_535), "7687")
    uri = f"bolt://[{host}]:{port}" if ":" in host else f"bolt://{host}:{port}"
    if given := variables.get("NEO4J_URI"):
        uri = given
        if problem := accepted.neo4j_uri_problem(given):
            variables.problem(f"NEO4J_URI: {problem}")
    return Neo4jSettings(
        uri=uri,
        user=variables.read("NEO4J_USER", str, "neo4j"),
        password=variables.secret("NEO4J_PASSWORD", "the password of NEO4J_USER"),
        database=variables.read("NEO4J_DATABASE", accepted.database, "neo4j"),
    )


def _r2(variables: Variables) -> R2Settings:
    return R2Settings(
        endpoint_url=_endpoint_url(variables),
        access_key_id=variables.secret("R2_ACCESS_KEY_ID", "an R2 API token's access key id"),
        secret_access_key=variables.secret("R2_SECRET_ACCESS_KEY", "that token's secret"),
        bucket=variables.required(
            "R2_BUCKET_NAME", accepted.bucket, "the bucket that backups go to"
        ),
        prefix=variables.read("BACKUP_PREFIX", accepted.prefix, "neo4j-backup"),
        ca_bundle=variables.read("AWS_CA_BUNDLE", accepted.readable_file, ""),
    )


def _endpoint_url(variables: Variables) -> str:
    if given := variables.get("R2_ENDPOINT_URL"):
        if problem := accepted.endpoint_problem(given):
            variables.problem(f"R2_ENDPOINT_URL: {problem}")
        return given.rstrip("/")
    what = "the Cloudflare account's id (or set R2_ENDPOINT_URL)"
    account = variables.required("R2_ACCOUNT_ID", accepted.account, what)
    return f"https://{account}.r2.cloudflarestorage.com"


def _default_state_directory(environment: Mapping[str, str]) -> str:
    """Return the user's own place for state, as the XDG specification has it."""
    home = environment.get("HOME") or tempfile.gettempdir()
    return str(
        Path(environment.get("XDG_STATE_HOME") or f"{home}/.local/state") / "neo4j-r2-backup"
    )
