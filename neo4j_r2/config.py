"""The configuration: read once, checked as a whole, frozen.

Variables come from the environment and from a file `.env` in the working directory; the
environment wins. An empty value counts as none, as Compose passes one for an unset variable.
"""

from __future__ import annotations

import ipaddress
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values

from neo4j_r2.errors import ConfigurationError
from neo4j_r2.secret import MASK, Secret

Value = TypeVar("Value")

MIB: Final = 1024 * 1024


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
    variables = _Variables(environment, _read_dotenv(dotenv))
    config = Config(
        neo4j=_neo4j(variables),
        r2=_r2(variables),
        schedule=variables.read("BACKUP_SCHEDULE", _schedule, "0 2 * * *"),
        run_immediate_backup=variables.read("RUN_IMMEDIATE_BACKUP", _boolean, "false"),
        retention_days=variables.read("BACKUP_RETENTION_DAYS", _whole(0, 36_500), "7"),
        compression=variables.read("BACKUP_COMPRESSION", _boolean, "true"),
        compression_level=variables.read("BACKUP_COMPRESSION_LEVEL", _whole(1, 9), "2"),
        export_method=variables.read(
            "BACKUP_EXPORT_METHOD", _choice("auto", "apoc", "manual"), "auto"
        ),
        part_size=variables.read("BACKUP_PART_SIZE_MB", _part_size, "auto"),
        upload_concurrency=variables.read("BACKUP_UPLOAD_CONCURRENCY", _whole(1, 16), "2"),
        retry_seconds=variables.read("BACKUP_RETRY_SECONDS", _whole(0, 86_400), "300"),
        stall_seconds=variables.read("BACKUP_STALL_SECONDS", _whole(1, 86_400), "900"),
        state_directory=variables.read(
            "BACKUP_STATE_DIR", _directory, _default_state_directory(environment)
        ),
        log_level=variables.read("LOG_LEVEL", _choice("debug", "info", "warning", "error"), "info"),
        log_format=variables.read("LOG_FORMAT", _choice("text", "json"), "text"),
    )
    variables.raise_problems()
    return config


def requested_log_format(environment: Mapping[str, str], dotenv: Path) -> str:
    """Return the log's format before anything is checked: a configuration error is logged too."""
    try:
        variables = _Variables(environment, _read_dotenv(dotenv))
    except ConfigurationError:
        return "text"
    return "json" if (variables.get("LOG_FORMAT") or "").lower() == "json" else "text"


class _Variables:
    """The merged variables; collects what is wrong with them instead of raising at the first."""

    def __init__(self, environment: Mapping[str, str], dotenv: Mapping[str, str]) -> None:
        self._layers = (environment, dotenv)
        self._problems: list[str] = []
        self._secrets: set[str] = set()

    def problem(self, text: str) -> None:
        self._problems.append(text)

    def raise_problems(self) -> None:
        if self._problems:
            listed = "\n".join(f"  - {self._masked(problem)}" for problem in self._problems)
            raise ConfigurationError(f"Invalid configuration:\n{listed}")

    def _masked(self, problem: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            problem = problem.replace(secret, MASK)
        return re.sub(r"//[^/@\s]*@", f"//{MASK}@", problem)

    def get(self, name: str) -> str | None:
        return next((layer[name] for layer in self._layers if layer.get(name)), None)

    def read(self, name: str, parse: Callable[[str], Value], default: str) -> Value:
        """Parse a variable; after a problem, its default stands in until all are reported."""
        value = self.get(name)
        if value is None:
            return parse(default)
        try:
            return parse(value)
        except ValueError as error:
            self.problem(f"{name}={value!r}: {error}")
            return parse(default)

    def required(self, name: str, parse: Callable[[str], str], what: str) -> str:
        """Parse a variable that has no default."""
        if self.get(name) is None:
            self.problem(f"{name} is required: {what}")
            return ""
        return self.read(name, lambda value: parse(value) if value else "", "")

    def secret(self, name: str, what: str) -> Secret:
        """Read a required secret, from its variable or from the file that NAME_FILE names."""
        for layer in self._layers:
            value, path = layer.get(name), layer.get(f"{name}_FILE")
            if value and path:
                self.problem(f"{name} and {name}_FILE are both set: set one")
            if value:
                return self._checked(name, value)
            if path:
                return self._checked(name, self._read_secret_file(name, Path(path)))
        self.problem(f"{name} (or {name}_FILE) is required: {what}")
        return Secret("")

    def _checked(self, name: str, secret: str) -> Secret:
        if secret:
            self._secrets.add(secret)
        if not all(character.isprintable() for character in secret):
            self.problem(f"{name}: accepted is UTF-8 text without line breaks and the like")
        return Secret(secret)

    def _read_secret_file(self, name: str, path: Path) -> str:
        try:
            value = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            # The value is not shown: it could be the secret itself, put into the wrong variable.
            self.problem(f"{name}_FILE: the file that it names cannot be read: {reason}")
            return ""
        if not value:
            self.problem(f"{name}_FILE: the file that it names is empty")
        return value


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from error
    return {name: value for name, value in values.items() if value is not None}


def _neo4j(variables: _Variables) -> Neo4jSettings:
    host = variables.read("NEO4J_HOST", _host, "neo4j")
    port = variables.read("NEO4J_BOLT_PORT", _whole(1, 65_535), "7687")
    uri = f"bolt://[{host}]:{port}" if ":" in host else f"bolt://{host}:{port}"
    if given := variables.get("NEO4J_URI"):
        uri = given
        if problem := _neo4j_uri_problem(given):
            variables.problem(f"NEO4J_URI: {problem}")
    return Neo4jSettings(
        uri=uri,
        user=variables.read("NEO4J_USER", str, "neo4j"),
        password=variables.secret("NEO4J_PASSWORD", "the password of NEO4J_USER"),
        database=variables.read("NEO4J_DATABASE", _database, "neo4j"),
    )


def _r2(variables: _Variables) -> R2Settings:
    return R2Settings(
        endpoint_url=_endpoint_url(variables),
        access_key_id=variables.secret("R2_ACCESS_KEY_ID", "an R2 API token's access key id"),
        secret_access_key=variables.secret("R2_SECRET_ACCESS_KEY", "that token's secret"),
        bucket=variables.required("R2_BUCKET_NAME", _bucket, "the bucket that backups go to"),
        prefix=variables.read("BACKUP_PREFIX", _prefix, "neo4j-backup"),
        ca_bundle=variables.read("AWS_CA_BUNDLE", _readable_file, ""),
    )


def _endpoint_url(variables: _Variables) -> str:
    if given := variables.get("R2_ENDPOINT_URL"):
        if problem := _endpoint_problem(given):
            variables.problem(f"R2_ENDPOINT_URL: {problem}")
        return given.rstrip("/")
    what = "the Cloudflare account's id (or set R2_ENDPOINT_URL)"
    account = variables.required("R2_ACCOUNT_ID", _account, what)
    return f"https://{account}.r2.cloudflarestorage.com"


# The parsers below raise ValueError with what they accept, never with a value that may be secret.


def _endpoint_problem(url: str) -> str | None:
    accepted = "accepted is http(s)://host[:port] without credentials, bucket or path"
    try:
        parts = urlsplit(url)
        plain = parts.path in ("", "/") and not re.search(r"[?#@\s]", url)
        valid = parts.scheme in ("http", "https") and _is_host(parts.hostname) and parts.port != 0
    except ValueError:
        return accepted
    return None if valid and plain else accepted


def _neo4j_uri_problem(uri: str) -> str | None:
    schemes = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
    accepted = f"accepted is SCHEME://host[:port] without credentials; SCHEME is {_listed(schemes)}"
    try:
        parts = urlsplit(uri)
        plain = parts.path in ("", "/") and not re.search(r"[?#@\s]", uri)
        valid = parts.scheme in schemes and _is_host(parts.hostname) and parts.port != 0
    except ValueError:
        return accepted
    return None if valid and plain else accepted


def _is_host(text: str | None) -> bool:
    """Whether a text is an IP address or a name of labels as the network's names have them."""
    label = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
    with suppress(ValueError):
        ipaddress.ip_address(text or "")
        return True
    return re.fullmatch(rf"{label}(\.{label})*\.?", text or "") is not None


def _host(value: str) -> str:
    if not _is_host(value):
        raise ValueError("accepted is a host name or an IP address")
    return value


def _listed(values: tuple[str, ...]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("accepted are true and false")
    return value.lower() == "true"


def _choice(*accepted: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in accepted:
            raise ValueError(f"accepted are {_listed(accepted)}")
        return value.lower()

    return parse


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"accepted is a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def _matching(pattern: str, accepted: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"accepted is {accepted}")
        return value

    return parse


_schedule = _matching(
    r"\S+( +\S+){4}", "a cron expression: minute hour day month weekday, as in 0 2 * * *"
)
_database = _matching(
    r"(?!(?i:system)$)[A-Za-z][A-Za-z0-9.-]{2,62}",
    "a database's name: 3 to 63 letters, digits, dots and dashes, not system",
)
_bucket = _matching(
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name: 3 to 63 of a-z, 0-9, dots and dashes"
)
_account = _matching(r"[A-Za-z0-9]+", "an account id: letters and digits, as in the dashboard")
_prefix = _matching(
    r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
    "letters, digits, dots, dashes, underscores, and single slashes between them",
)


def _directory(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("accepted is a directory's path; ~ needs a home directory") from error


def _readable_file(value: str) -> Path | None:
    if value and not Path(value).is_file():
        raise ValueError("accepted is the path of a file that can be read")
    return Path(value) if value else None


def _part_size(value: str) -> int | None:
    if value.lower() == "auto":
        return None
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 5 <= int(value) <= 5120:
        raise ValueError("accepted are auto and a whole number of MiB from 5 to 5120")
    return int(value) * MIB


def _default_state_directory(environment: Mapping[str, str]) -> str:
    """Return the user's own place for state, as the XDG specification has it."""
    home = environment.get("HOME") or tempfile.gettempdir()
    return str(
        Path(environment.get("XDG_STATE_HOME") or f"{home}/.local/state") / "neo4j-r2-backup"
    )
