"""Configuration and log of the real command: what it accepts and refuses, and what it logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.outcome import assert_secretless, assert_told, assert_whole
from tests.service import Service

AWKWARD_PASSWORD = 'pa$word ${HOME} #1 "quoted" it\'s \\n back\\slash é'
SUCCESSFUL_RUN = (
    r"\[INFO\] Starting Neo4j backup process",
    r"\[INFO\] Connecting to Neo4j: bolt://127\.0\.0\.1:\d+",
    r"\[INFO\] Connected successfully, starting export\.\.\.",
    r"\[INFO\] Compressing neo4j_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.cypher\.\.\.",
    r"\[INFO\] Compression complete: \d+\.\d\d MB \(-?\d+\.\d% reduction\)",
    r"\[INFO\] Uploading to R2: neo4j-backup/neo4j_[\d_-]+\.cypher\.gz \(\d+\.\d\d MB\)",
    r"\[INFO\] Upload successful: s3://bucket-\d+/neo4j-backup/neo4j_[\d_-]+\.cypher\.gz",
    r"\[INFO\] Cleaning up backups older than 7 days",
    r"\[INFO\] Cleanup complete: 0 old backups removed",
    r"\[INFO\] Backup completed successfully!",
)


@pytest.fixture(scope="module")
def graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a small graph."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query("UNWIND range(1, 100) AS i CREATE (:Person {name: 'Person ' + i})")
    return source


@pytest.fixture
def service(graph: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service."""
    configured = Service.configured(graph, s3, bucket, tmp_path)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual")


@pytest.fixture
def idle(tmp_path: Path) -> Service:
    """A service whose servers are not running: it has to end before it connects to them."""
    s3 = S3Server(tmp_path / "s3")
    neo4j = Neo4jServer(tmp_path / "neo4j")
    return Service.configured(neo4j, s3, "bucket", tmp_path)


def without(service: Service, *names: str) -> Service:
    """Return the same service with some variables unset."""
    kept = {name: value for name, value in service.variables.items() if name not in names}
    return replace(service, variables=kept)


def write_dotenv(service: Service, text: str) -> None:
    """Write the file `.env` of the directory that the service runs in."""
    (service.directory / ".env").write_text(text, encoding="utf-8")


def test_all_configuration_problems_are_in_one_message(idle: Service) -> None:
    wrong = {
        "NEO4J_URI": "http://neo4j:7474",
        "NEO4J_BOLT_PORT": "70000",
        "NEO4J_DATABASE": "no spaces",
        "R2_ENDPOINT_URL": "https://user:hidden-in-url@r2.example/bucket",
        "R2_BUCKET_NAME": "Not_A_Bucket",
        "BACKUP_SCHEDULE": "daily",
        "BACKUP_RETENTION_DAYS": "-7",
        "BACKUP_COMPRESSION": "yes",
        "BACKUP_COMPRESSION_LEVEL": "10",
        "BACKUP_EXPORT_METHOD": "magic",
        "BACKUP_PART_SIZE_MB": "4",
        "BACKUP_UPLOAD_CONCURRENCY": "0",
        "BACKUP_PREFIX": "backups/../x",
        "RUN_IMMEDIATE_BACKUP": "1",
        "LOG_LEVEL": "loud",
        "LOG_FORMAT": "xml",
    }
    service = without(idle, "NEO4J_PASSWORD", "R2_SECRET_ACCESS_KEY").with_variables(**wrong)

    run = service.run()

    assert_told(service, run, 2, "Invalid configuration")
    listed = re.findall(r"^  - (\w+)", run.log, re.MULTILINE)
    assert sorted(listed) == sorted([*wrong, "NEO4J_PASSWORD", "R2_SECRET_ACCESS_KEY"])
    assert run.log.count("accepted ") == len(wrong)
    assert "hidden-in-url" not in run.log
    assert [path.name for path in (service.directory / "state").iterdir()] == ["state.json"]


def test_a_variable_that_is_set_to_nothing_is_named_if_the_dotenv_file_decides(
    idle: Service,
) -> None:
    write_dotenv(idle, "NEO4J_PASSWORD=from-the-file\nNEO4J_USER=\nLOG_LEVEL=info\n")
    service = idle.with_variables(NEO4J_PASSWORD="", NEO4J_USER="", NEO4J_URI="bolt://localhost:1")
    service = service.with_variables(BACKUP_RETRY_SECONDS="1")
    told = "[WARNING] Set to nothing in the environment, so .env decides: NEO4J_PASSWORD\n"
    assert told in service.run("backup").log
    assert "so .env decides" not in service.with_variables(NEO4J_PASSWORD="x").run("backup").log


def test_a_missing_variable_is_named_with_its_purpose(tmp_path: Path, idle: Service) -> None:
    run = replace(idle, variables={"BACKUP_STATE_DIR": str(tmp_path / "state")}).run()

    assert_told(idle, run, 2, "Invalid configuration")
    assert "No variable comes from a file .env: there is none in the working directory" in run.log
    listed = re.findall(r"^  - (\w+) (?:\(or \w+_FILE\) )?is required: \w", run.log, re.MULTILINE)
    assert sorted(listed) == [
        "NEO4J_PASSWORD",
        "R2_ACCESS_KEY_ID",
        "R2_ACCOUNT_ID",
        "R2_BUCKET_NAME",
        "R2_SECRET_ACCESS_KEY",
    ]


def test_an_empty_variable_counts_as_unset(service: Service) -> None:
    unset = {"BACKUP_RETENTION_DAYS": "", "BACKUP_PREFIX": "", "R2_ACCOUNT_ID": "", "LOG_LEVEL": ""}

    backup = service.with_variables(**unset).backup()

    assert backup.manifest["archive_key"].startswith("neo4j-backup/neo4j_")


@pytest.mark.parametrize("arguments", [["frobnicate"], ["--frobnicate"], ["backup", "twice"]])
def test_a_wrong_command_line_shows_the_usage(idle: Service, arguments: list[str]) -> None:
    run = idle.run(*arguments)

    assert run.exit_code == 2
    assert run.log.startswith("usage: backup.py")
    assert "Traceback" not in run.log


def test_the_default_command_is_backup(service: Service) -> None:
    run = service.run("backup")

    assert run.exit_code == 0, run.log
    assert_whole(*service.backups())


def test_variables_come_from_a_file_in_the_working_directory(service: Service) -> None:
    inline = {
        "NEO4J_URI": service.variables["NEO4J_URI"] + "   # a comment",
        "NEO4J_PASSWORD": f"'{service.variables['NEO4J_PASSWORD']}'",
        "R2_ENDPOINT_URL": f'"{service.variables["R2_ENDPOINT_URL"]}"  # another',
        "R2_BUCKET_NAME": service.bucket,
        "R2_ACCESS_KEY_ID": f"  {service.variables['R2_ACCESS_KEY_ID']}  ",
        "R2_SECRET_ACCESS_KEY": service.variables["R2_SECRET_ACCESS_KEY"],
        "BACKUP_SCHEDULE": "0 2 * * *  # Daily at 2 AM (cron format)",
        "BACKUP_RETENTION_DAYS": "7     # Keep backups for 7 days",
        "BACKUP_COMPRESSION": "true     # Enable gzip compression",
        "BACKUP_PREFIX": "from-dotenv  # Prefix for R2 objects",
        "BACKUP_STATE_DIR": service.variables["BACKUP_STATE_DIR"],
        "BACKUP_EXPORT_METHOD": "manual",
    }
    lines = [f"{name}={value}" for name, value in inline.items()]
    write_dotenv(service, "\n".join(["# The configuration", "", *lines]) + "\n")

    backup = replace(service, variables={}).backup()

    assert backup.manifest["archive_key"].startswith("from-dotenv/neo4j_")


def test_the_environment_wins_over_the_file(service: Service) -> None:
    write_dotenv(
        service, "BACKUP_PREFIX=from-dotenv\nNEO4J_PASSWORD=wrong\nBACKUP_COMPRESSION=no\n"
    )

    backup = service.with_variables(BACKUP_PREFIX="from-env", BACKUP_COMPRESSION="true").backup()

    assert backup.manifest["archive_key"].startswith("from-env/neo4j_")


@pytest.fixture
def awkward_user(graph: Neo4jServer) -> Iterator[str]:
    """A user of Neo4j whose password has every character that files and shells treat specially."""
    with graph.driver() as driver:
        driver.execute_query(
            "CREATE USER awkward SET PASSWORD $password CHANGE NOT REQUIRED",
            password=AWKWARD_PASSWORD,
            database_="system",
        )
        yield "awkward"
        driver.execute_query("DROP USER awkward", database_="system")


@pytest.mark.parametrize(
    "written",
    [
        "'" + AWKWARD_PASSWORD.replace("\\", "\\\\").replace("'", "\\'") + "'",
        '"' + AWKWARD_PASSWORD.replace("\\", "\\\\").replace('"', '\\"') + '"',
    ],
    ids=["single quotes", "double quotes"],
)
def test_a_value_in_the_file_is_taken_literally(
    service: Service, awkward_user: str, written: str
) -> None:
    write_dotenv(service, f"NEO4J_USER={awkward_user}\nNEO4J_PASSWORD={written}  # the password\n")

    run = without(service, "NEO4J_PASSWORD").run()

    assert run.exit_code == 0, run.log


def test_an_unquoted_dollar_in_the_file_is_taken_literally(
    service: Service, graph: Neo4jServer
) -> None:
    write_dotenv(service, "HOME=/root\nNEO4J_USER=dollar\nNEO4J_PASSWORD=pa$HOME${HOME}#$$word\n")
    with graph.driver() as driver:
        driver.execute_query(
            "CREATE OR REPLACE USER dollar SET PASSWORD 'pa$HOME${HOME}#$$word' "
            "CHANGE NOT REQUIRED",
            database_="system",
        )

    run = without(service, "NEO4J_PASSWORD").run()

    assert run.exit_code == 0, run.log


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_that_a_variable_names(
    service: Service, awkward_user: str, tmp_path: Path, end: str
) -> None:
    secrets = {
        "NEO4J_PASSWORD": AWKWARD_PASSWORD,
        "R2_ACCESS_KEY_ID": service.s3.access_key,
        "R2_SECRET_ACCESS_KEY": service.s3.secret_key,
    }
    files = {f"{name}_FILE": str(tmp_path / name.lower()) for name in secrets}
    for name, secret in secrets.items():
        Path(files[f"{name}_FILE"]).write_bytes((secret + end).encode())

    run = without(service, *secrets).with_variables(NEO4J_USER=awkward_user, **files).run()

    assert run.exit_code == 0, run.log
    assert not any(secret in run.log for secret in secrets.values())


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), (b"", "empty"), (b"\n", "empty"), (b"\xff\xfe", "not UTF-8")],
    ids=["missing", "empty", "blank", "binary"],
)
def test_an_unusable_secrets_file_is_a_configuration_error(
    idle: Service, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    service = without(idle, "NEO4J_PASSWORD").with_variables(NEO4J_PASSWORD_FILE=str(path))

    run = service.run()

    assert_told(service, run, 2, "Invalid configuration")
    assert re.search(rf"^  - NEO4J_PASSWORD_FILE: .*{problem}", run.log, re.MULTILINE)


def test_a_secret_given_twice_is_a_configuration_error(idle: Service, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another", encoding="ascii")

    run = idle.with_variables(NEO4J_PASSWORD_FILE=str(tmp_path / "secret")).run()

    assert_told(idle, run, 2, "Invalid configuration")
    assert "NEO4J_PASSWORD and NEO4J_PASSWORD_FILE are both set" in run.log


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"NEO4J_PASSWORD": "not-the-real-password"},
        {"R2_SECRET_ACCESS_KEY": "not-the-real-secret-key"},
        {"R2_ACCESS_KEY_ID": "not-the-real-access-key"},
        {"R2_BUCKET_NAME": "no-such"},
        {"BACKUP_RETENTION_DAYS": "soon"},
    ],
    ids=["success", "password", "secret key", "access key", "bucket", "configuration"],
)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_debug_log_has_no_secrets(
    service: Service, changes: dict[str, str], log_format: str
) -> None:
    talkative = service.with_variables(LOG_LEVEL="debug", LOG_FORMAT=log_format, **changes)

    run = talkative.run()

    assert (run.exit_code == 0) == (not changes), run.log
    assert_secretless(service, run.log)
    assert_secretless(talkative, run.log)
    assert "Traceback" not in run.log


@pytest.mark.parametrize("changes", [{}, {"NEO4J_PASSWORD": "wrong"}, {"R2_BUCKET_NAME": "A B"}])
@pytest.mark.parametrize("log_format", ["json", "JSON"])
def test_a_json_log_is_one_object_per_line(
    service: Service, changes: dict[str, str], log_format: str
) -> None:
    run = service.with_variables(LOG_FORMAT=log_format, **changes).run()

    entries = [json.loads(line) for line in run.log.splitlines()]
    assert entries
    assert all(entry.keys() == {"time", "level", "message"} for entry in entries)
    assert {entry["level"] for entry in entries} <= {"info", "warning", "error"}
    errors = [entry for entry in entries if entry["level"] == "error"]
    assert len(errors) == (1 if changes else 0)


def test_a_log_format_in_the_file_applies_to_configuration_errors_too(idle: Service) -> None:
    write_dotenv(idle, "LOG_FORMAT=json\n")

    run = idle.with_variables(BACKUP_RETENTION_DAYS="soon").run()

    assert run.exit_code == 2
    assert [json.loads(line)["level"] for line in run.log.splitlines()] == ["error"]


def test_a_successful_run_logs_the_specifications_lines(service: Service) -> None:
    run = service.run()

    assert run.exit_code == 0, run.log
    lines = iter(run.log.splitlines())
    for expected in SUCCESSFUL_RUN:
        assert any(re.fullmatch(expected, line) for line in lines), f"{expected} in:\n{run.log}"
    assert "WARNING" not in run.log


def test_a_quiet_log_has_nothing_about_a_successful_run(service: Service) -> None:
    run = service.with_variables(LOG_LEVEL="warning").run()

    assert (run.exit_code, run.log) == (0, "")
