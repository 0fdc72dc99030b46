"""The image: what is in it, and what is not."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from testbed.engine import docker, run
from testbed.images import Images
from testbed.waiting import wait_until
from tests.schedules import ACCEPTED, EXCEPTIONS, REFUSED

VERDICTS = """
import json, subprocess, sys
verdicts = []
for schedule in json.load(sys.stdin):
    with open("/tmp/crontab", "w", encoding="utf-8") as file:
        file.write(f"{schedule} command\\n")
    verdict = subprocess.run(["crontab", "-T", "/tmp/crontab"], capture_output=True)
    verdicts.append(verdict.returncode)
print(json.dumps(verdicts))
"""


READ_HEALTH = """
import urllib.error, urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:9412/health", timeout=10)
except urllib.error.HTTPError as error:
    print(error.status, error.read().decode())
"""


def in_image(image: str, *command: str, stdin: str = "") -> str:
    """Run a command instead of the entrypoint, and return its output."""
    return docker(
        "run", "--rm", "--interactive", f"--entrypoint={command[0]}", image, *command[1:],
        stdin=stdin,
    )  # fmt: skip


def test_the_image_holds_only_what_runs(image: str) -> None:
    files = in_image(image, "find", "/app", "-type", "f", "!", "-name", "*.pyc").splitlines()
    top = {path.removeprefix("/app/").partition("/")[0] for path in files}
    assert top == {"backup.py", "entrypoint.sh", "neo4j_r2", "requirements.txt"}


def test_the_image_has_no_secrets_and_only_the_containers_own_settings(image: str) -> None:
    (inspected,) = json.loads(docker("image", "inspect", image))
    names = {variable.partition("=")[0] for variable in inspected["Config"]["Env"]}
    of_the_base = {"PATH", "LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256"}
    assert names - of_the_base == {"BACKUP_CONTAINER", "BACKUP_STATE_DIR", "METRICS_ADDRESS"}


@pytest.mark.parametrize("command", ["crond", "crontab", "pgrep", "setpriv", "python3"])
def test_the_image_has_the_commands_that_the_readme_names(image: str, command: str) -> None:
    assert in_image(image, "sh", "-c", f"command -v {command}").startswith("/")


def test_the_images_code_is_compiled_because_its_file_system_is_read_only(image: str) -> None:
    sources = in_image(image, "find", "/app", "-name", "*.py").split()
    compiled = in_image(image, "find", "/app", "-name", "*.pyc").split()
    assert len(compiled) == len(sources) > 10


@pytest.mark.parametrize("command", ["check", "list", "backup"])
def test_a_run_that_notifies_nobody_compiles_none_of_the_program_and_its_libraries(
    image: str, command: str
) -> None:
    variables = {**CONFIGURATION, "R2_ACCOUNT_ID": "", "R2_ENDPOINT_URL": "http://127.0.0.1:1",
                 "NEO4J_HOST": "127.0.0.1", "BACKUP_RETRY_SECONDS": "0"}  # fmt: skip
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    finished = run(
        "run", "--rm", "--network=none", "--read-only", "--user=1000", "--entrypoint=python3",
        *environment, image, "-v", "/app/backup.py", command, seconds=120, merged=True,
    )  # fmt: skip
    read = re.findall(r"^# code object from '/(.+)'$", finished.stdout, re.MULTILINE)
    assert len(read) > 100
    compiled = re.findall(r"^# code object from /(.+)$", finished.stdout, re.MULTILINE)
    assert [path for path in compiled if path.startswith("app/") or "site-packages" in path] == []


def test_apprise_knows_all_its_services_without_its_translations(image: str) -> None:
    program = "import apprise; print(len(apprise.Apprise().details()['schemas']))"
    assert int(in_image(image, "python3", "-c", program)) > 100


def test_the_image_has_no_other_cron_job(image: str) -> None:
    listing = in_image(image, "sh", "-c", "cat /etc/crontab 2>&1; ls /etc/cron.d /etc/cron.daily")
    assert "run-parts" not in listing
    assert "apt-compat" not in listing


def test_crontab_and_the_check_accept_the_same_schedules(image: str) -> None:
    schedules = [*ACCEPTED, *EXCEPTIONS, *REFUSED]
    verdicts = json.loads(in_image(image, "python3", "-c", VERDICTS, stdin=json.dumps(schedules)))
    accepted = [schedule for schedule, code in zip(schedules, verdicts, strict=True) if code == 0]
    assert accepted == [*ACCEPTED, *EXCEPTIONS]


CONFIGURATION = {
    "NEO4J_PASSWORD": "graph-pass-word",
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "access-key-id",
    "R2_SECRET_ACCESS_KEY": "secret-access-key",
    "R2_BUCKET_NAME": "graphiti-neo4j-backup",
}


SECRETS = ("NEO4J_PASSWORD", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
LOOKS_OFTEN = (
    "sed 's/--failed/--stay 1 --failed/' /app/entrypoint.sh >/tmp/start.sh && exec sh /tmp/start.sh"
)
"""The image's entrypoint, but a service that cannot start looks every second whether it can."""
LINGERS = "[INFO] The service does not start; it "


def failed_start(image: str, *options: str, **changes: str) -> tuple[int, str]:
    """Start a service that cannot start, and stop it when it says so and its health shows it.

    Return its exit code and its log.
    """
    variables = {**CONFIGURATION, **changes}
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    given = ["--network=none", "--health-interval=1s", *environment, *options]
    container = docker("run", "--detach", *given, image).strip()
    try:
        wait_until(lambda: LINGERS in _log(container), seconds=60, what="the failed start")
        _wait_until_unhealthy(container)
        docker("stop", container)
        exit_code = int(docker("inspect", "--format={{.State.ExitCode}}", container))
        log = _log(container)
    finally:
        docker("rm", "--force", container)
    assert all(CONFIGURATION[name] not in log for name in SECRETS)
    return exit_code, log


def _wait_until_unhealthy(container: str) -> None:
    status = "--format={{.State.Health.Status}}"
    wait_until(
        lambda: docker("inspect", status, container).strip() == "unhealthy",
        seconds=60,
        what="an unhealthy container",
    )


def _log(container: str) -> str:
    return run("logs", container, merged=True).stdout


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BACKUP_SCHEDULE", "0 25 * * *", "the hour is 0 to 23"),
        ("BACKUP_SCHEDULE", "every night", "accepted is a cron expression"),
        ("TZ", "Europe/Atlantis", "accepted is a time zone's IANA name"),
        ("R2_BUCKET_NAME", "", "R2_BUCKET_NAME is required"),
        ("R2_ACCOUNT_ID", "", "R2_ACCOUNT_ID is required"),
        ("NEO4J_PASSWORD", "", "NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE) is required"),
        ("RUN_IMMEDIATE_BACKUP", "perhaps", "accepted are true and false"),
        ("BACKUP_NOTIFY_URLS", "slak://token", "URL 1 (slak) is none that Apprise knows"),
        ("BACKUP_ENCRYPTION_RECIPIENTS", "age1wrong", "the key is no age public key"),
        ("DRILL_SCHEDULE", "0 4 * * 0", "DRILL_NEO4J_URI is required: the scratch Neo4j of"),
        ("METRICS_PORT", "70000", "accepted is a whole number from 1 to 65535"),
        ("NEO4J_DATABASE", "neo4j,system", "not system"),
    ],
)
def test_a_configuration_error_keeps_the_service_from_starting(
    image: str, name: str, value: str, message: str
) -> None:
    exit_code, log = failed_start(image, **{name: value})
    assert exit_code == 2
    assert message in log
    assert name in log
    assert "Waiting for Neo4j" not in log


@pytest.mark.parametrize(
    "option",
    ["--user=1000", *(f"--cap-drop={name}" for name in ("SETUID", "SETGID", "KILL", "ALL"))],
)
def test_a_container_that_may_not_start_as_root_says_so_in_one_line(
    image: str, option: str
) -> None:
    finished = run("run", "--rm", "--network=none", option, image, seconds=120)
    assert finished.returncode == 2
    assert finished.stderr.startswith("[ERROR] The container must start as root with the cap")
    assert finished.stderr.count("\n") == 1


def test_a_service_that_cannot_start_is_unhealthy_and_serves_the_reason(image: str) -> None:
    variables = {**CONFIGURATION, "R2_BUCKET_NAME": "", "METRICS_PORT": "9412"}
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    probe = ["--health-interval=1s"]
    container = docker("run", "--detach", "--network=none", *probe, *environment, image).strip()
    try:
        _wait_until_unhealthy(container)
        wait_until(lambda: "Serving /, /metrics" in _log(container), seconds=60, what="the metrics")
        page = docker("exec", container, "python3", "-c", READ_HEALTH)
    finally:
        docker("rm", "--force", container)
    assert "R2_BUCKET_NAME is required" in page
    assert page.startswith("503 Unhealthy: crond is not running; the service cannot work since ")


def test_the_container_notifies_without_writing_anything(image: str) -> None:
    finished = run(
        "run", "--rm", "--network=none", "--read-only", "--user=1000", "--entrypoint=python3",
        "--env=BACKUP_NOTIFY_URLS=json://127.0.0.1:1/x", image,
        "/app/backup.py", "notify", "--test", seconds=120,
    )  # fmt: skip
    assert finished.returncode == 1
    line = "[ERROR] Notification 1 (json) was not delivered: the connection was refused\n"
    assert finished.stderr == line


@pytest.mark.parametrize(
    ("mode", "option", "message"),
    [
        (0o755, "rw", "cannot be used by user 1000: Permission denied"),
        (0o777, "ro", "cannot be used by user 1000: Read-only file system"),
        (0o777, "rw", "belongs to user 0, and backups are made by user 1000"),
    ],
)
def test_a_state_directory_that_the_job_does_not_own_ends_the_container(
    image: str, tmp_path: Path, mode: int, option: str, message: str
) -> None:
    tmp_path.chmod(mode)
    exit_code, log = failed_start(image, f"--volume={tmp_path}:/var/lib/neo4j-r2-backup:{option}")
    assert exit_code == 2
    assert "BACKUP_STATE_DIR='/var/lib/neo4j-r2-backup' " in log
    assert message in log
    assert "Waiting for Neo4j" not in log


def test_a_state_directory_that_cannot_be_used_is_told_once_and_the_service_starts_when_it_can(
    image: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    variables = {**CONFIGURATION, "BACKUP_NOTIFY_URLS": "json://127.0.0.1:1/x"}
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    mounted = f"--volume={tmp_path}:/var/lib/neo4j-r2-backup"
    container = docker(
        "run", "--detach", "--restart=always", "--network=none", mounted, *environment,
        "--entrypoint=sh", image, "-c", LOOKS_OFTEN,
    ).strip()  # fmt: skip
    restarts = "--format={{.RestartCount}}"
    try:
        line = "[INFO] The service does not start; it stays until the state directory is mended"
        wait_until(lambda: line in _log(container), seconds=60, what="the failed start")
        time.sleep(3)  # some looks at the directory
        assert docker("inspect", restarts, container).strip() == "0"
        docker("run", "--rm", mounted, "--entrypoint=chown", image, "1000:1000",
               "/var/lib/neo4j-r2-backup")  # fmt: skip
        wait_until(lambda: "Waiting for Neo4j" in _log(container), seconds=60, what="the start")
        log = _log(container)
        problem = json.loads((tmp_path / "start-problem.json").read_text(encoding="ascii"))
    finally:
        docker("rm", "--force", container)
    assert log.count("Notification 1 (json) was not delivered") == 1
    assert [each["is_told"] for each in problem] == [True]  # so its end will be told


@pytest.mark.parametrize(("owner", "exit_code"), [(1000, 0), (0, 2)])
def test_a_secret_comes_from_a_file_that_the_job_s_user_can_read(
    image: str, tmp_path: Path, owner: int, exit_code: int
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret-access-key\n", encoding="utf-8")
    secret.chmod(0o400)
    mounted = [f"--volume={secret}:/run/secrets/key:ro", "--entrypoint=sh"]
    # As the entrypoint does; the file gets its owner in a container, as this user may not give it.
    docker("run", "--rm", f"--volume={secret}:/secret", "--entrypoint=chown", image,
           str(owner), "/secret")  # fmt: skip
    check = "setpriv --reuid=1000 --regid=1000 --clear-groups python3 /app/backup.py check"
    variables = {**CONFIGURATION, "R2_SECRET_ACCESS_KEY": "",
                 "R2_SECRET_ACCESS_KEY_FILE": "/run/secrets/key"}  # fmt: skip
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    finished = run("run", "--rm", "--network=none", *environment, *mounted, image, "-c", check)
    assert finished.returncode == exit_code
    assert ("Permission denied" in finished.stderr) == (exit_code == 2)


def test_a_command_of_the_program_needs_no_path(image: str) -> None:
    for arguments in (["--help"], ["list", "--help"]):
        assert docker("run", "--rm", image, *arguments).startswith("usage: backup.py")


def test_the_image_is_small_and_says_what_it_is(image: str, images: Images) -> None:
    size = "--format={{.Size}}"
    base, own = (int(docker("image", "inspect", size, each)) for each in (images.python, image))
    assert own - base < 40e6  # as it lies on the disk; what is pulled is compressed
    labels = json.loads(docker("image", "inspect", "--format={{json .Config.Labels}}", image))
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.title"] == "Neo4j to R2 Backup Service"


def test_a_command_runs_instead_of_the_service(image: str) -> None:
    help_text = docker("run", "--rm", image, "python3", "/app/backup.py", "--help")
    assert help_text.startswith("usage: backup.py")
