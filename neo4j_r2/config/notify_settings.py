"""The settings of notifications and of the monitor's ping; almost all of them are secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from neo4j_r2.config import parsers
from neo4j_r2.config.host_name import default_host_name
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.secret import Secret

FAILURE: Final = "failure"
RECOVERY: Final = "recovery"
ALWAYS: Final = "always"
_NOTIFY_URLS: Final = "BACKUP_NOTIFY_URLS"
_URL: Final = re.compile(r"[A-Za-z0-9]{1,32}://\S+")
_TOKEN_LENGTH: Final = 20
"""A part of a URL with at least so many characters is taken for a token, not for a word."""


@dataclass(frozen=True)
class NotifySettings:
    """Who is told how a run ended, and when."""

    urls: tuple[Secret, ...]
    """The URLs of the receivers, in the form of Apprise."""
    when: str
    """FAILURE, RECOVERY or ALWAYS."""
    ping_url: Secret
    """The URL that the monitor expects pings at; empty without a monitor."""
    seconds: float
    """How long a run that has ended may take to send all notifications."""
    host: str
    """The name of the machine, for people."""

    def secrets(self) -> list[Secret]:
        """Return every value that no output may show: the URLs, and the likely tokens in them."""
        return [
            Secret(part)
            for url in (*self.urls, self.ping_url)
            for part in _secret_parts(url.reveal())
        ]


def read_notify(
    variables: Variables, receiver_problem: Callable[[str], str | None]
) -> NotifySettings:
    """Read the settings. A wrong value is collected as a problem and left out."""
    return NotifySettings(
        urls=_urls(variables, receiver_problem),
        when=variables.read(
            "BACKUP_NOTIFY_ON", parsers.choice(FAILURE, RECOVERY, ALWAYS), RECOVERY
        ),
        ping_url=_ping_url(variables),
        seconds=variables.read("BACKUP_NOTIFY_SECONDS", parsers.whole(1, 120), "15"),
        host=_host(variables),
    )


def requested_notify(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> NotifySettings:
    """Return the usable settings without a check: a wrong configuration is notified too."""
    return read_notify(Variables(environment, dotenv), url_problem)


def requested_host(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> str:
    """Return the name by which people know this host, and read no secret for that."""
    return _host(Variables(environment, dotenv))


def read_notify_settings(
    environment: Mapping[str, str],
    dotenv: Mapping[str, str],
    receiver_problem: Callable[[str], str | None],
) -> NotifySettings:
    """Read and check these settings alone, for a command that needs no others.

    :raises ConfigurationError: naming every variable that is wrong, or that no receiver is set.
    """
    variables = Variables(environment, dotenv)
    settings = read_notify(variables, receiver_problem)
    variables.raise_problems()
    if not settings.urls:
        raise ConfigurationError("BACKUP_NOTIFY_URLS (or BACKUP_NOTIFY_URLS_FILE) is not set")
    return settings


def scheme_of(url: str) -> str:
    """Return the scheme of a URL, the one part that is no secret."""
    return url.partition("://")[0].lower()


def url_problem(url: str) -> str | None:
    """Return what is wrong with the form of a notification URL; None if it is right."""
    return None if _URL.fullmatch(url) else "has white space in it, or nothing behind its scheme"


def _host(variables: Variables) -> str:
    return variables.get("BACKUP_HOST_NAME") or default_host_name(variables)


def _urls(
    variables: Variables, receiver_problem: Callable[[str], str | None]
) -> tuple[Secret, ...]:
    usable = []
    for number, url in enumerate(_split(variables.secret_text(_NOTIFY_URLS) or ""), 1):
        if "://" not in url:
            variables.problem(_NOTIFY_URLS, "accepted are Apprise URLs, as in mailto://...")
        elif problem := url_problem(url) or receiver_problem(url):
            variables.problem(_NOTIFY_URLS, f"URL {number} ({scheme_of(url)}) {problem}")
        else:
            usable.append(Secret(url))
    return tuple(usable)


def _split(text: str) -> list[str]:
    """Split at white space, commas and semicolons, but only before a scheme.

    A URL may have commas in itself.
    """
    parts = re.split(r"[\s,;]+(?=[A-Za-z0-9]{1,32}://)", text.strip())
    return [stripped for part in parts if (stripped := part.strip(" ,;\t\r\n"))]


def _ping_url(variables: Variables) -> Secret:
    url = variables.optional_secret("BACKUP_PING_URL")
    if url and not _is_web_address(url.reveal()):
        variables.problem("BACKUP_PING_URL", "accepted is http(s)://host[:port]/path")
        return Secret("")
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and parts.scheme in {"http", "https"} and not re.search(r"[#\s\\]", url)


def _secret_parts(url: str) -> set[str]:
    _, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login = authority.rpartition("@")[0]
    entries = [rest[len(authority) + 1 :], *re.split(r"[/?&=:@,]", rest)]
    tokens = [entry for entry in entries if len(entry) >= _TOKEN_LENGTH]
    parts = [url, rest, login, login.partition(":")[2], *tokens]
    return {each for part in parts if part for each in (part, unquote(part))}
