"""The settings of notifications: what is accepted, and that no message shows a secret."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from neo4j_r2.config.notify_settings import NotifySettings, read_notify_settings, requested_notify
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.secret import Secret
from neo4j_r2.monitoring.apprise_receiver import receiver_problem

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
MAIL = "mailtos://user:pass%20word@mail.example:587?from=a@b.example&to=c@d.example,e@d.example"
PING = "https://hc-ping.example/0fcd4e3a-7d4a-4b0c-9a0e-2d9a5d1a8f3c"

HOST = socket.gethostname()


def read(**variables: str) -> NotifySettings:
    """Read the settings as `notify --test` does."""
    return read_notify_settings(variables, {}, receiver_problem)


def problems(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        read(**variables)
    return str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        f"{SLACK} {MAIL}",
        f"{SLACK},{MAIL}",
        f"{SLACK} , {MAIL},",
        f"\n{SLACK}\n{MAIL}\n",
        f"{SLACK};\t{MAIL} ",
    ],
)
def test_urls_are_separated_by_white_space_or_commas_and_may_have_commas(text: str) -> None:
    assert [url.reveal() for url in read(BACKUP_NOTIFY_URLS=text).urls] == [SLACK, MAIL]


def test_urls_can_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"{SLACK}\n{MAIL}\n", encoding="utf-8")
    (tmp_path / "ping").write_text(f"{PING}\n", encoding="utf-8")
    files = {"BACKUP_NOTIFY_URLS_FILE": str(tmp_path / "urls")}
    settings = read(**files, BACKUP_PING_URL_FILE=str(tmp_path / "ping"))
    assert settings.urls == (Secret(SLACK), Secret(MAIL))
    assert settings.ping_url == Secret(PING)


def test_nobody_is_told_by_default() -> None:
    settings = requested_notify({}, {})
    assert settings == NotifySettings((), "recovery", Secret(""), 15, HOST)
    assert not settings.ping_url
    assert settings.secrets() == []


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("slak://T1JJ3T3L2/secret", "URL 2 (slak) is none that Apprise knows, or lacks something"),
        ("slack://T1JJ3T3L2", "URL 2 (slack) is none that Apprise knows, or lacks something"),
        ("mailto://secret", "URL 2 (mailto) is none that Apprise knows, or lacks something"),
        ("https://secret.example/", "URL 2 (https) is none that Apprise knows, or lacks something"),
        ("config://secret", "URL 2 (config) is none that Apprise knows, or lacks something"),
        ("file:///etc/passwd", "URL 2 (file) is none that Apprise knows, or lacks something"),
        ("syslog://secret", "URL 2 (syslog) tells only this machine"),
        ("json://host/a secret", "URL 2 (json) has white space in it, or nothing behind"),
        ("json://", "URL 2 (json) has white space in it, or nothing behind its scheme"),
    ],
)
def test_a_wrong_url_is_named_only_by_its_position_and_scheme(url: str, problem: str) -> None:
    text = problems(BACKUP_NOTIFY_URLS=f"{SLACK} {url}")
    assert f"  - BACKUP_NOTIFY_URLS: {problem}" in text
    assert text.count("\n") == 1
    for part in ("secret", "T1JJ3T3L2", "passwd"):
        assert part not in text


@pytest.mark.parametrize("text", ["secret", "mailto:secret", "//secret"])
def test_a_text_that_is_no_url_is_not_shown(text: str) -> None:
    shown = problems(BACKUP_NOTIFY_URLS=text)
    assert "  - BACKUP_NOTIFY_URLS: accepted are Apprise URLs" in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "hc-ping.example/secret",
        "ftp://hc-ping.example/secret",
        "https:///secret",
        "https://hc-ping.example/secret#part",
        "https://hc-ping.example/a secret",
        "https://hc-ping.example:0/secret",
        "https://[secret/",
    ],
)
def test_a_wrong_ping_url_is_not_shown(url: str) -> None:
    text = problems(BACKUP_NOTIFY_URLS=SLACK, BACKUP_PING_URL=url)
    assert "  - BACKUP_PING_URL: accepted is http(s)://host[:port]/path" in text
    assert "secret" not in text


def test_all_problems_are_reported_at_once() -> None:
    text = problems(
        BACKUP_NOTIFY_URLS="slak://x nonsense://y",
        BACKUP_NOTIFY_ON="sometimes",
        BACKUP_NOTIFY_SECONDS="0",
        BACKUP_PING_URL="x",
    )
    assert text.count("\n  - ") == 5


def test_wrong_values_are_left_out_before_the_configuration_is_checked() -> None:
    variables = {"BACKUP_NOTIFY_URLS": f"{SLACK} json://", "BACKUP_NOTIFY_ON": "sometimes"}
    settings = requested_notify({**variables, "BACKUP_PING_URL": "x"}, {})
    assert settings == NotifySettings(
        (Secret(SLACK),), "recovery", Secret(""), 15, socket.gethostname()
    )


def test_a_test_without_a_receiver_is_refused() -> None:
    assert problems() == "BACKUP_NOTIFY_URLS (or BACKUP_NOTIFY_URLS_FILE) is not set"


def test_urls_and_likely_tokens_in_them_are_secret() -> None:
    settings = read(BACKUP_NOTIFY_URLS=f"{SLACK} {MAIL}", BACKUP_PING_URL=PING)
    secrets = {secret.reveal() for secret in settings.secrets()}
    assert secrets >= {SLACK, MAIL, PING}
    assert secrets >= {"TIiajkdnlazkcOXrIdevi7FQ", "pass%20word", "pass word"}
    assert "0fcd4e3a-7d4a-4b0c-9a0e-2d9a5d1a8f3c" in secrets
    assert SLACK not in repr(settings)
    assert PING not in repr(settings)


def test_ordinary_words_of_a_url_are_no_secrets() -> None:
    settings = read(BACKUP_NOTIFY_URLS="json://hooks.example/neo4j-backup")
    assert not {secret.reveal() for secret in settings.secrets()} & {
        "neo4j-backup",
        "hooks.example",
    }


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"BACKUP_HOST_NAME": "vault", "COMPOSE_PROJECT_NAME": "graph"}, "vault"),
        ({"COMPOSE_PROJECT_NAME": "graph"}, "graph/neo4j-backup"),
        ({}, HOST),
    ],
    ids=["configured", "Compose", "machine"],
)
def test_people_know_the_host_by_a_name_that_stays(variables: dict[str, str], name: str) -> None:
    assert requested_notify(variables, {}).host == name
