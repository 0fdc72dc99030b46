"""The configuration: what it accepts, and what it says about wrong values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.neo4j_settings import read_target
from neo4j_r2.config.settings import Config, read_config, read_drill_config
from neo4j_r2.config.variables import read_dotenv
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.log import LogStyle
from tests.keys import KeyPair

NO_FILE: dict[str, str] = {}
REQUIRED = {
    "NEO4J_PASSWORD": "graph-pass-word",
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "access-key-id",
    "R2_SECRET_ACCESS_KEY": "secret-access-key",
    "R2_BUCKET_NAME": "graphiti-neo4j-backup",
}
SECRETS = ("NEO4J_PASSWORD", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
MIB = 1024 * 1024


def read(**variables: str) -> Config:
    """Read a complete configuration, changed by `variables`."""
    return read_config({**REQUIRED, **variables}, NO_FILE)


def problems(**variables: str) -> str:
    """Return what is wrong with a complete configuration, changed by `variables`."""
    with pytest.raises(ConfigurationError) as raised:
        read(**variables)
    return str(raised.value)


def value_of(config: Config, path: str) -> object:
    value: object = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("neo4j.uri", "bolt://neo4j:7687"),
        ("neo4j.user", "neo4j"),
        ("neo4j.database", "neo4j"),
        ("r2.endpoint_url", "https://abc123.r2.cloudflarestorage.com"),
        ("r2.bucket", "graphiti-neo4j-backup"),
        ("r2.prefix", "neo4j-backup"),
        ("verify_after", False),
        ("service.schedule.expression", "0 2 * * *"),
        ("service.time_zone", UTC),
        ("service.overdue_minutes", 60),
        ("service.run_immediate_backup", False),
        ("prune.rules", Rules(days=7)),
        ("prune.is_dry", False),
        ("prune.shrink_percent", 0),
        ("compression", True),
        ("export_method", "auto"),
        ("part_size", None),
        ("r2.upload_limit", None),
        ("service.log_level", "info"),
        ("service.log_style", LogStyle()),
    ],
)
def test_the_defaults_are_as_in_the_specification(path: str, expected: object) -> None:
    assert value_of(read(), path) == expected


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("NEO4J_HOST", "graph.example.org", "neo4j.uri", "bolt://graph.example.org:7687"),
        ("NEO4J_HOST", "::1", "neo4j.uri", "bolt://[::1]:7687"),
        ("NEO4J_BOLT_PORT", "7688", "neo4j.uri", "bolt://neo4j:7688"),
        ("NEO4J_URI", "neo4j+s://graph.example.org", "neo4j.uri", "neo4j+s://graph.example.org"),
        ("NEO4J_URI", "bolt+s://graph:7687", "neo4j.uri", "bolt+s://graph:7687"),
        ("NEO4J_USER", "reader", "neo4j.user", "reader"),
        ("NEO4J_DATABASE", "graph.one", "neo4j.database", "graph.one"),
        ("R2_ACCOUNT_ID", "f00", "r2.endpoint_url", "https://f00.r2.cloudflarestorage.com"),
        (
            "R2_ACCOUNT_ID",
            "https://f00.r2.cloudflarestorage.com",
            "r2.endpoint_url",
            "https://f00.r2.cloudflarestorage.com",
        ),
        (
            "R2_ACCOUNT_ID",
            "f00.EU.r2.cloudflarestorage.com/",
            "r2.endpoint_url",
            "https://f00.eu.r2.cloudflarestorage.com",
        ),
        (
            "R2_ACCOUNT_ID",
            "https://f00.r2.cloudflarestorage.com/graphiti-neo4j-backup",
            "r2.endpoint_url",
            "https://f00.r2.cloudflarestorage.com",
        ),
        (
            "R2_ENDPOINT_URL",
            "https://r2.example/graphiti-neo4j-backup/",
            "r2.endpoint_url",
            "https://r2.example",
        ),
        (
            "R2_ENDPOINT_URL",
            "https://graphiti-neo4j-backup",
            "r2.endpoint_url",
            "https://graphiti-neo4j-backup",
        ),
        ("R2_ENDPOINT_URL", "http://127.0.0.1:9/", "r2.endpoint_url", "http://127.0.0.1:9"),
        ("R2_BUCKET_NAME", "other", "r2.bucket", "other"),
        ("BACKUP_PREFIX", "a/b_c", "r2.prefix", "a/b_c"),
        ("BACKUP_PREFIX", "/a/b/", "r2.prefix", "a/b"),
        ("BACKUP_PREFIX", "..a/b..", "r2.prefix", "..a/b.."),
        ("BACKUP_SCHEDULE", "0 */6 * * *", "service.schedule.expression", "0 */6 * * *"),
        ("BACKUP_SCHEDULE", "0 1,13 * * *", "service.schedule.expression", "0 1,13 * * *"),
        ("RUN_IMMEDIATE_BACKUP", "TRUE", "service.run_immediate_backup", True),
        ("TZ", "Europe/Berlin", "service.time_zone", ZoneInfo("Europe/Berlin")),
        ("TZ", "Europe/Berlin", "prune.rules.time_zone", ZoneInfo("Europe/Berlin")),
        ("BACKUP_OVERDUE_MINUTES", "5", "service.overdue_minutes", 5),
        ("BACKUP_CATCH_UP", "FALSE", "service.catches_up", False),
        ("NEO4J_WAIT_SECONDS", "5", "service.wait_seconds", 5),
        ("METRICS_PORT", "9412", "service.metrics_port", 9412),
        ("METRICS_PORT", "", "service.metrics_port", None),
        ("METRICS_ADDRESS", "::", "service.metrics_address", "::"),
        ("BACKUP_RETENTION_DAYS", "0", "prune.rules.days", 0),
        ("BACKUP_KEEP_LAST", "3", "prune.rules", Rules(days=7, last=3)),
        ("BACKUP_KEEP_DAILY", "3", "prune.rules", Rules(days=7, daily=3)),
        ("BACKUP_KEEP_WEEKLY", "3", "prune.rules", Rules(days=7, weekly=3)),
        ("BACKUP_KEEP_MONTHLY", "3", "prune.rules", Rules(days=7, monthly=3)),
        ("BACKUP_KEEP_YEARLY", "3", "prune.rules", Rules(days=7, yearly=3)),
        ("BACKUP_KEEP_MINIMUM", "3", "prune.rules", Rules(days=7, minimum=3)),
        ("BACKUP_PRUNE_DRY_RUN", "true", "prune.is_dry", True),
        ("BACKUP_SHRINK_PERCENT", "20", "prune.shrink_percent", 20),
        ("BACKUP_COMPRESSION", "false", "compression", False),
        ("BACKUP_VERIFY", "after", "verify_after", True),
        ("BACKUP_COMPRESSION_LEVEL", "9", "compression_level", 9),
        ("BACKUP_EXPORT_METHOD", "manual", "export_method", "manual"),
        ("BACKUP_EXPORT_METHOD", "APOC", "export_method", "apoc"),
        ("BACKUP_PART_SIZE_MB", "auto", "part_size", None),
        ("BACKUP_PART_SIZE_MB", "5", "part_size", 5 * MIB),
        ("BACKUP_UPLOAD_LIMIT", "NONE", "r2.upload_limit", None),
        ("BACKUP_UPLOAD_LIMIT", "10mbit", "r2.upload_limit", 1_250_000),
        ("BACKUP_UPLOAD_LIMIT", "1.5 Gbit/s", "r2.upload_limit", 187_500_000),
        ("BACKUP_UPLOAD_LIMIT", "256kbit", "r2.upload_limit", 32_000),
        ("BACKUP_UPLOAD_LIMIT", "2MB", "r2.upload_limit", 2_000_000),
        ("BACKUP_UPLOAD_LIMIT", "2MiB/s", "r2.upload_limit", 2 * MIB),
        ("BACKUP_UPLOAD_CONCURRENCY", "1", "upload_concurrency", 1),
        ("BACKUP_RETRY_SECONDS", "0", "retry_seconds", 0),
        ("BACKUP_STALL_SECONDS", "60", "stall_seconds", 60),
        ("BACKUP_STATE_DIR", "/var/lib/backup", "service.state_directory", Path("/var/lib/backup")),
        ("LOG_LEVEL", "DEBUG", "service.log_level", "debug"),
        ("LOG_FORMAT", "json", "service.log_style", LogStyle("json")),
        ("LOG_TIMESTAMPS", "true", "service.log_style", LogStyle("text", UTC)),
    ],
)
def test_a_variable_sets_its_value(name: str, value: str, path: str, expected: object) -> None:
    assert value_of(read(**{name: value}), path) == expected


WRONG = [
    ("NEO4J_HOST", "graph example", "host name"),
    ("NEO4J_BOLT_PORT", "0", "from 1 to 65535"),
    ("NEO4J_BOLT_PORT", "65536", "from 1 to 65535"),
    ("NEO4J_URI", "http://graph:7474", "bolt+s"),
    ("NEO4J_URI", "bolt://", "bolt+s"),
    ("NEO4J_URI", "bolt://graph:port", "bolt+s"),
    ("NEO4J_URI", "bolt://graph/neo4j", "bolt+s"),
    ("NEO4J_DATABASE", "neo4j;", "3 to 63"),
    ("NEO4J_DATABASE", "ab", "3 to 63"),
    ("R2_ACCOUNT_ID", "https://abc", "account id"),
    ("R2_ENDPOINT_URL", "abc.r2.cloudflarestorage.com", "http(s)://host"),
    ("R2_ENDPOINT_URL", "https://host/bucket", "http(s)://host"),
    ("R2_BUCKET_NAME", "Bucket", "3 to 63"),
    ("R2_BUCKET_NAME", "a/b", "3 to 63"),
    ("BACKUP_PREFIX", "../x", "none of them . or .."),
    ("BACKUP_PREFIX", "a/..", "none of them . or .."),
    ("BACKUP_PREFIX", "a/./b", "none of them . or .."),
    ("BACKUP_PREFIX", "/", "single slashes"),
    ("BACKUP_PREFIX", "a//b", "single slashes"),
    ("BACKUP_PREFIX", "a\n", "single slashes"),
    ("BACKUP_SCHEDULE", "0 2 * *", "cron expression"),
    ("BACKUP_SCHEDULE", "0 2 * * *\n* * * * *", "cron expression"),
    ("TZ", "Europe/Atlantis", "IANA name"),
    ("TZ", "../etc/passwd", "IANA name"),
    ("BACKUP_OVERDUE_MINUTES", "0", "whole number"),
    ("BACKUP_CATCH_UP", "perhaps", "true and false"),
    ("NEO4J_WAIT_SECONDS", "soon", "whole number"),
    ("RUN_IMMEDIATE_BACKUP", "yes", "true and false"),
    ("BACKUP_RETENTION_DAYS", "-1", "whole number"),
    ("BACKUP_RETENTION_DAYS", "1.5", "whole number"),
    ("BACKUP_RETENTION_DAYS", "7 days", "whole number"),
    ("BACKUP_RETENTION_DAYS", "all", "or none"),
    ("BACKUP_RETENTION_DAYS", "none", "only with a rule of BACKUP_KEEP_*"),
    ("BACKUP_KEEP_LAST", "unlimited", "whole number"),
    ("BACKUP_KEEP_DAILY", "-1", "from 0 to 99999"),
    ("BACKUP_KEEP_WEEKLY", "1.5", "whole number"),
    ("BACKUP_KEEP_MONTHLY", "100000", "from 0 to 99999"),
    ("BACKUP_KEEP_YEARLY", "ten", "whole number"),
    ("BACKUP_KEEP_MINIMUM", "-1", "whole number"),
    ("BACKUP_PRUNE_DRY_RUN", "1", "true and false"),
    ("BACKUP_SHRINK_PERCENT", "100", "from 0 to 99"),
    ("BACKUP_SHRINK_PERCENT", "20%", "whole number"),
    ("BACKUP_COMPRESSION", "gzip", "true and false"),
    ("BACKUP_COMPRESSION_LEVEL", "0", "from 1 to 9"),
    ("BACKUP_COMPRESSION_LEVEL", "10", "from 1 to 9"),
    ("BACKUP_EXPORT_METHOD", "dump", "auto, apoc or manual"),
    ("BACKUP_PART_SIZE_MB", "4", "from 5 to 5120"),
    ("BACKUP_PART_SIZE_MB", "5121", "from 5 to 5120"),
    ("BACKUP_UPLOAD_CONCURRENCY", "0", "from 1 to 16"),
    ("BACKUP_RETRY_SECONDS", "-1", "whole number"),
    ("BACKUP_STALL_SECONDS", "0", "whole number"),
    ("METRICS_PORT", "0", "from 1 to 65535"),
    ("METRICS_PORT", "65536", "from 1 to 65535"),
    ("METRICS_PORT", "on", "whole number"),
    ("METRICS_ADDRESS", "localhost", "an IP address"),
    ("METRICS_ADDRESS", "127.0.0.1:9412", "an IP address"),
    ("LOG_LEVEL", "loud", "debug, info, warning or error"),
    ("LOG_FORMAT", "xml", "text or json"),
    ("LOG_TIMESTAMPS", "yes", "true and false"),
    ("BACKUP_UPLOAD_LIMIT", "1000", "10mbit"),
    ("BACKUP_UPLOAD_LIMIT", "10Mb", "10mbit"),
    ("BACKUP_UPLOAD_LIMIT", "10Mbps", "10mbit"),
    ("BACKUP_UPLOAD_LIMIT", "255kbit", "256kbit"),
    ("BACKUP_UPLOAD_LIMIT", "-1MB", "10mbit"),
]


@pytest.mark.parametrize(("name", "value", "accepted"), WRONG)
def test_a_wrong_value_is_named_with_what_is_accepted(name: str, value: str, accepted: str) -> None:
    message = problems(**{name: value})
    assert f"  - {name}" in message
    assert accepted in message


def test_all_problems_are_in_one_message() -> None:
    wrong = {name: value for name, value, _ in WRONG if name != "R2_ACCOUNT_ID"}
    message = problems(**wrong, NEO4J_PASSWORD="")
    assert all(f"  - {name}" in message for name in (*wrong, "NEO4J_PASSWORD"))
    assert message.count("\n  - ") == len(wrong) + 1


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("state", ["empty", "unset"])
def test_a_required_variable_is_named_when_it_is_missing(name: str, state: str) -> None:
    variables = {**REQUIRED, name: ""}
    if state == "unset":
        del variables[name]
    with pytest.raises(ConfigurationError, match=rf"(?m)^  - {name} .*is required"):
        read_config(variables, NO_FILE)


def test_the_account_is_not_required_if_an_endpoint_is_set() -> None:
    config = read(R2_ACCOUNT_ID="", R2_ENDPOINT_URL="https://eu.example.org")
    assert config.r2.endpoint_url == "https://eu.example.org"


def test_an_empty_value_counts_as_unset() -> None:
    assert read(BACKUP_RETENTION_DAYS="", NEO4J_URI="").prune.rules.days == 7


@given(st.text(max_size=6))
def test_a_number_of_days_is_plain_digits(text: str) -> None:
    is_number = text.isascii() and text.isdigit() and int(text) <= 36_500
    try:
        days = read(BACKUP_RETENTION_DAYS=text).prune.rules.days
    except ConfigurationError:
        assert text
        assert not is_number
    else:
        assert (is_number and days == int(text)) or (text == "" and days == 7)


@pytest.mark.parametrize("name", ["LAST", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "MINIMUM"])
def test_the_days_can_be_none_if_another_rule_keeps_backups(name: str) -> None:
    config = read(BACKUP_RETENTION_DAYS="None", **{f"BACKUP_KEEP_{name}": "2"})
    assert config.prune.rules.days is None
    assert config.prune.rules.counts == {name.lower(): 2}


def test_digits_of_another_script_are_refused() -> None:
    assert "whole number" in problems(BACKUP_RETENTION_DAYS="٣")


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "NEO4J_USER=from-file\n"
        "NEO4J_DATABASE=from-file\n"
        "BACKUP_SCHEDULE=0 3 * * 1  # Monday at three\n"
        'BACKUP_PREFIX="quoted"\n'
        "NEO4J_PASSWORD='a$b${HOME}#c'\n"
    )
    variables = {**REQUIRED, "NEO4J_USER": "from-environment", "NEO4J_DATABASE": ""}
    del variables["NEO4J_PASSWORD"]
    config = read_config(variables, read_dotenv(dotenv))
    assert config.neo4j.user == "from-environment"
    assert config.neo4j.database == "from-file"
    assert str(config.service.schedule) == "0 3 * * 1"
    assert config.r2.prefix == "quoted"
    assert config.neo4j.password.reveal() == "a$b${HOME}#c"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_dotenv_file_of_windows_in_utf_16_is_told(tmp_path: Path, encoding: str) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("NEO4J_USER=neo4j\r\n".encode(encoding))
    with pytest.raises(ConfigurationError, match="cannot be read: it is not UTF-8 text"):
        read_dotenv(dotenv)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("NEO4J_USER=reader\r\n".encode("utf-8-sig"))
    assert read_dotenv(dotenv) == {"NEO4J_USER": "reader"}


def test_that_there_is_no_dotenv_file_is_said_if_a_variable_is_missing() -> None:
    hint = "No variable comes from a file .env"
    assert hint in problems(NEO4J_PASSWORD="")
    assert hint in problems(R2_BUCKET_NAME="")
    assert hint not in problems(BACKUP_COMPRESSION="maybe")
    assert hint not in problems(NEO4J_PASSWORD="", BACKUP_CONTAINER="true")
    with pytest.raises(ConfigurationError) as raised:
        read_config({}, {"NEO4J_USER": "neo4j"})
    assert hint not in str(raised.value)


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "BACKUP_STATE_DIR"])
def test_a_text_that_is_too_long_for_a_path_is_refused(name: str) -> None:
    assert f"  - {name}=" in problems(**{name: "x" * 5000})


def test_an_account_id_that_an_endpoint_replaces_is_warned_of() -> None:
    (warning,) = read(R2_ENDPOINT_URL="https://f00.eu.r2.cloudflarestorage.com").warnings
    assert warning == "R2_ACCOUNT_ID is not used: R2_ENDPOINT_URL says where R2 is"
    assert read(R2_ENDPOINT_URL="https://abc123.eu.r2.cloudflarestorage.com").warnings == ()
    assert read(R2_ENDPOINT_URL="https://s3.example", R2_ACCOUNT_ID="").warnings == ()


def test_a_dotenv_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"NEO4J_USER=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_dotenv(dotenv)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_comes_from_a_file_without_its_last_line_break(name: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b" from a file \r\n")
    config = read(**{name: "", f"{name}_FILE": str(path)})
    revealed = [secret.reveal() for secret in config.secrets()]
    expected = {key: value for key, value in REQUIRED.items() if key in SECRETS}
    assert sorted(revealed) == sorted({**expected, name: " from a file "}.values())


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_given_twice_is_a_problem(name: str, tmp_path: Path) -> None:
    assert f"{name} and {name}_FILE are both set" in problems(**{f"{name}_FILE": str(tmp_path)})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secrets_file_that_cannot_be_used_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for file, reason in [
        ("missing", "No such file"),
        ("empty", "empty"),
        ("binary", "not UTF-8"),
        (".", "directory"),
    ]:
        message = problems(**{name: "", f"{name}_FILE": str(tmp_path / file)})
        assert f"  - {name}_FILE: " in message
        assert reason in message
        assert str(tmp_path) not in message, "it could be the secret itself"


def test_a_secret_of_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("NEO4J_PASSWORD=from-dotenv\n")
    secret = tmp_path / "secret"
    secret.write_text("from-secret-file")
    variables = {**REQUIRED, "NEO4J_PASSWORD": "", "NEO4J_PASSWORD_FILE": str(secret)}
    assert read_config(variables, read_dotenv(dotenv)).neo4j.password.reveal() == "from-secret-file"
    assert (
        read_config(REQUIRED, read_dotenv(dotenv)).neo4j.password.reveal()
        == REQUIRED["NEO4J_PASSWORD"]
    )


def test_a_configuration_shows_no_secret() -> None:
    config = read()
    shown = f"{config} {config!r} {config.neo4j} {config.r2!r} {config.secrets()}"
    assert not any(REQUIRED[name] in shown for name in SECRETS)


def test_a_configuration_cannot_be_changed() -> None:
    name = "prune"
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(read(), name, 3)


def test_a_command_that_uses_no_bucket_needs_no_variables_of_r2() -> None:
    config = read_config({"NEO4J_PASSWORD": "graph-pass-word"}, NO_FILE, uses_bucket=False)
    assert config.neo4j == read().neo4j
    assert not config.r2.secret_access_key


PAIRS = [KeyPair.new() for _ in range(2)]
RECIPIENTS = "BACKUP_ENCRYPTION_RECIPIENTS"


@pytest.mark.parametrize("separator", [",", " ", ", ", "\n", " ,\n\t"])
def test_recipients_are_separated_by_commas_or_white_space(separator: str) -> None:
    publics = [pair.public for pair in PAIRS]
    config = read(**{RECIPIENTS: separator.join([*publics, publics[0]])})
    assert list(config.recipients) == publics
    assert read().recipients == ()


def test_plain_text_can_be_asked_for() -> None:
    config = read(**{RECIPIENTS: " None"})
    assert (config.recipients, config.allows_plain_text) == ((), True)
    assert not read().allows_plain_text
    assert f"{RECIPIENTS}: key 1 of 2 is no age public key" in problems(**{RECIPIENTS: "none none"})


@pytest.mark.parametrize("value", [",", "  ", ", ,"])
def test_recipients_without_a_key_are_refused(value: str) -> None:
    assert f"{RECIPIENTS}: there is no key in it" in problems(**{RECIPIENTS: value})


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(PAIRS[0].public[:-1], id="cut off"),
        "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
        "ssh-ed25519",
        "key.txt",
    ],
)
def test_a_wrong_recipient_is_named_only_by_its_position(wrong: str) -> None:
    told = problems(**{RECIPIENTS: f"{PAIRS[1].public},{wrong}"})
    (line,) = (each for each in told.splitlines() if RECIPIENTS in each)
    assert f"{RECIPIENTS}: key 2 of 2 is no age public key: accepted is age1" in line
    assert wrong not in told


@pytest.mark.parametrize("change", [str, str.lower, lambda text: text[:-3]])
def test_a_private_key_among_the_recipients_is_refused_and_not_shown(
    change: Callable[[str], str],
) -> None:
    private = change(PAIRS[1].private)
    told = problems(**{RECIPIENTS: f"{private} {PAIRS[0].public}", "BACKUP_COMPRESSION": "maybe"})
    assert f"{RECIPIENTS}: key 1 of 2 is a private key, which must not be on this host" in told
    assert private not in told
    assert private[15:30] not in told


def test_another_neo4j_has_a_login_of_its_own() -> None:
    variables = {**REQUIRED, "RESTORE_NEO4J_USER": "tester", "RESTORE_NEO4J_PASSWORD": "other-pass"}
    settings = read_target(variables, NO_FILE, "bolt://scratch:7687")
    assert (settings.uri, settings.user) == ("bolt://scratch:7687", "tester")
    assert settings.password.reveal() == "other-pass"
    assert "other-pass" not in repr(settings)


def test_another_neo4j_never_gets_the_configured_password() -> None:
    with pytest.raises(ConfigurationError, match="RESTORE_NEO4J_PASSWORD") as raised:
        read_target(REQUIRED, NO_FILE, "bolt://user:hidden-pass@scratch")
    assert "without credentials" in str(raised.value)
    assert "hidden-pass" not in str(raised.value)


@pytest.mark.parametrize("name", ["NEO4J_URI", "R2_ENDPOINT_URL"])
def test_an_address_with_credentials_is_refused_without_showing_them(name: str) -> None:
    scheme = "bolt" if name == "NEO4J_URI" else "https"
    message = problems(**{name: f"{scheme}://user:hidden-pass@host"})
    assert f"{name}: " in message
    assert "hidden-pass" not in message


@pytest.mark.parametrize("name", ["NEO4J_HOST", "R2_ACCOUNT_ID", "R2_BUCKET_NAME"])
def test_an_address_with_credentials_in_the_wrong_variable_is_not_shown(name: str) -> None:
    message = problems(**{name: "bolt://user:hidden-pass@host"})
    assert f"  - {name}" in message
    assert "hidden-pass" not in message


@pytest.mark.parametrize("name", ["R2_ACCOUNT_ID", "R2_BUCKET_NAME", "NEO4J_BOLT_PORT"])
def test_an_r2_secret_in_the_wrong_variable_is_refused_and_not_shown(name: str) -> None:
    secret = "0123456789abcdef" * 4
    message = problems(**{name: secret})
    assert f"  - {name}" in message
    assert secret not in message


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_pasted_into_other_variables_is_not_shown(secret: str) -> None:
    names = {name for name, _, _ in WRONG}
    message = problems(**dict.fromkeys(names, f"{REQUIRED[secret]} /"))
    assert REQUIRED[secret] not in message
    assert all(f"  - {name}" in message for name in names - {"R2_ACCOUNT_ID"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEO4J_HOST", "neo4j"),
        ("NEO4J_BOLT_PORT", "7687"),
        ("NEO4J_URI", "bolt://neo4j:7687"),
        ("NEO4J_DATABASE", "neo4j"),
        ("R2_ACCOUNT_ID", "abc123"),
        ("R2_ENDPOINT_URL", "https://abc123.r2.cloudflarestorage.com"),
        ("R2_BUCKET_NAME", "graphiti-neo4j-backup"),
        ("BACKUP_SCHEDULE", "0 2 * * *"),
        ("BACKUP_RETENTION_DAYS", "7"),
        ("BACKUP_COMPRESSION", "true"),
        ("BACKUP_PREFIX", "neo4j-backup"),
        ("BACKUP_STATE_DIR", "/var/lib/neo4j-backup"),
        ("BACKUP_NOTIFY_URLS", "json://example.com"),
        ("BACKUP_PING_URL", "https://example.com/ping"),
        pytest.param("BACKUP_ENCRYPTION_RECIPIENTS", KeyPair.new().public, id="recipients"),
        ("BACKUP_KEEP_DAILY", "7"),
        ("TZ", "Europe/Berlin"),
    ],
)
@pytest.mark.parametrize("mark", ['"', "'"])
def test_a_value_in_quotes_is_refused_and_the_quotes_are_named(
    name: str, value: str, mark: str
) -> None:
    read(**{name: value})
    assert f"{name} begins and ends with quotes" in problems(**{name: f"{mark}{value}{mark}"})


def test_the_path_of_a_secrets_file_in_quotes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("graph-pass-word")
    found = problems(NEO4J_PASSWORD="", NEO4J_PASSWORD_FILE=f'"{path}"')
    assert "NEO4J_PASSWORD_FILE begins and ends with quotes" in found


def test_a_wrong_value_without_quotes_is_not_said_to_have_some() -> None:
    assert "quotes" not in problems(BACKUP_COMPRESSION='"', NEO4J_BOLT_PORT='"7687', TZ="it's")


def test_quotes_around_a_secret_are_told_without_the_secret() -> None:
    config = read(
        NEO4J_USER="'neo4j'", NEO4J_PASSWORD='"pass-word"', R2_SECRET_ACCESS_KEY="“secret-key”"
    )
    assert config.neo4j.login_hint.startswith("NEO4J_USER and NEO4J_PASSWORD begin and end with")
    assert config.r2.credentials_hint.startswith("R2_SECRET_ACCESS_KEY begins and ends with")
    for secret in ("pass-word", "secret-key"):
        assert secret not in config.neo4j.login_hint + config.r2.credentials_hint
    assert read().neo4j.login_hint == read().r2.credentials_hint == ""


DRILL = {
    **{name: value for name, value in REQUIRED.items() if name != "NEO4J_PASSWORD"},
    "DRILL_NEO4J_URI": "bolt://neo4j-drill:7687",
    "RESTORE_NEO4J_PASSWORD": "scratch-pass-word",
}


def test_a_drill_needs_the_password_of_the_scratch_neo4j_and_uses_the_other_if_it_is_set() -> None:
    config = read_drill_config(DRILL, NO_FILE)
    assert config.neo4j.password.reveal() == ""
    assert config.drill.password.reveal() == "scratch-pass-word"
    config = read_drill_config({**DRILL, "NEO4J_PASSWORD": "graph-pass-word"}, NO_FILE)
    assert config.neo4j.password.reveal() == "graph-pass-word"


@pytest.mark.parametrize(
    ("missing", "problem"),
    [
        ("DRILL_NEO4J_URI", "DRILL_NEO4J_URI is required: the scratch Neo4j of drills"),
        ("RESTORE_NEO4J_PASSWORD", "RESTORE_NEO4J_PASSWORD (or RESTORE_NEO4J_PASSWORD_FILE) is"),
        ("R2_BUCKET_NAME", "R2_BUCKET_NAME is required"),
    ],
)
def test_what_a_drill_lacks_is_named_also_without_a_schedule(missing: str, problem: str) -> None:
    variables = {name: value for name, value in DRILL.items() if name != missing}
    with pytest.raises(ConfigurationError) as raised:
        read_drill_config(variables, NO_FILE)
    assert problem in str(raised.value)


def test_the_scratch_database_has_the_name_of_the_one_that_was_backed_up_or_its_own() -> None:
    scratch = read_drill_config(DRILL, NO_FILE).drill.scratch("movies")
    assert (scratch.uri, scratch.database) == ("bolt://neo4j-drill:7687", "movies")
    other = read_drill_config({**DRILL, "DRILL_NEO4J_DATABASE": "neo4j"}, NO_FILE)
    assert other.drill.scratch("movies").database == "neo4j"
