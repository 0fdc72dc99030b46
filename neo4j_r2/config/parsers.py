"""Parsers for the kinds of variables. Each raises a ValueError that says what is accepted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from neo4j_r2.config.quotes import is_quoted

MIB: Final = 1024 * 1024
LOWEST_RATE: Final = 32_000
"""Bytes in a second: below it, a server could take a part for one that has stalled."""
_RATE_UNITS: Final = {
    "kbit": 10**3 / 8,
    "mbit": 10**6 / 8,
    "gbit": 10**9 / 8,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
"""Bytes in each unit. Mb and MBps would be taken for bits by some, and for bytes by others."""


def endpoint_problem(url: str) -> str | None:
    """Return what is wrong with an S3 endpoint, without showing the URL: it may hold a secret."""
    if _is_address(url, ("http", "https")):
        return None
    return "accepted is http(s)://host[:port] without credentials, bucket or path"


def neo4j_uri_problem(uri: str) -> str | None:
    """Return what is wrong with a Bolt address, without showing it: it may hold a secret."""
    schemes = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
    if _is_address(uri, schemes):
        return None
    return f"accepted is SCHEME://host[:port] without credentials; SCHEME is {_listed(schemes)}"


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether a text is scheme, host and perhaps port, and nothing else."""
    try:
        parts = urlsplit(text)
        is_bare = parts.path in ("", "/") and not re.search(r"[?#@\s]", text)
        return is_bare and parts.scheme in schemes and _is_host(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_host(text: str | None) -> bool:
    """Whether a text is an IP address, or a host name by the rules for DNS labels."""
    label = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
    with suppress(ValueError):
        ipaddress.ip_address(text or "")
        return True
    return re.fullmatch(rf"{label}(\.{label})*\.?", text or "") is not None


def host(value: str) -> str:
    """Parse the name or the IP address of a host."""
    if not _is_host(value):
        raise ValueError("accepted is a host name or an IP address")
    return value


def _listed(values: tuple[str, ...]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"


def boolean(value: str) -> bool:
    """Parse true or false."""
    if value.lower() not in ("true", "false"):
        raise ValueError("accepted are true and false")
    return value.lower() == "true"


def choice(*accepted: str) -> Callable[[str], str]:
    """Return a parser that accepts one of some words."""

    def parse(value: str) -> str:
        if value.lower() not in accepted:
            raise ValueError(f"accepted are {_listed(accepted)}")
        return value.lower()

    return parse


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser that accepts a whole number within limits."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"accepted is a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def port(value: str) -> int | None:
    """Parse the number of a port; an empty text is None."""
    return whole(1, 65_535)(value) if value else None


def ip_address(value: str) -> str:
    """Parse an IP address of version 4 or 6."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError as error:
        raise ValueError("accepted is an IP address; :: and 0.0.0.0 mean all addresses") from error
    return str(address)


def retention_days(value: str) -> int | None:
    """Parse how many days a backup is kept; the word "none" is None."""
    if value.lower() == "none":
        return None
    try:
        return whole(0, 36_500)(value)
    except ValueError as error:
        raise ValueError(f"{error}, or none") from error


def _matching(pattern: str, accepted: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"accepted is {accepted}")
        return value

    return parse


database = _matching(
    r"(?!(?i:system)$)[A-Za-z][A-Za-z0-9.-]{2,62}",
    "a database's name: 3 to 63 letters, digits, dots and dashes, not system",
)
ALL_DATABASES: Final = ("*",)
"""Stands for every online database of the server except `system`."""
LATEST: Final = "latest"
"""Stands for the key of the newest backup."""


def databases(value: str) -> tuple[str, ...]:
    """Parse the names of databases, with commas between them, or * for `ALL_DATABASES`.

    The names are returned in lower case, as Neo4j stores them.
    """
    if value.strip() == "*":
        return ALL_DATABASES
    try:
        names = tuple(database(name.strip()).lower() for name in value.split(","))
    except ValueError as error:
        raise ValueError(f"{error}; several between commas, or * alone") from error
    if len(set(names)) < len(names):
        raise ValueError("accepted is each database's name once")
    return names


bucket = _matching(
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name: 3 to 63 of a-z, 0-9, dots and dashes"
)
account = _matching(r"[A-Za-z0-9]{1,63}", "an account id: letters and digits, as in the dashboard")
_prefix = _matching(
    r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*",
    "letters, digits, dots, dashes, underscores, and single slashes between names, none of them . "
    "or ..",
)


def prefix(value: str) -> str:
    """Parse the start of all keys; slashes before and after it are left out."""
    return _prefix(value.strip("/"))


def time_zone(value: str) -> tzinfo:
    """Parse the name of a time zone that this machine knows. UTC is known without its files."""
    if value == "UTC":
        return UTC
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("accepted is a time zone's IANA name, as in Europe/Berlin") from error


def directory(value: str) -> Path:
    """Parse the path of a directory; ~ is the home directory."""
    if is_quoted(value):
        raise ValueError("accepted is a directory's path without quotes")
    try:
        path = Path(value).expanduser()
        path.is_dir()  # fails for what can be no path, such as a very long text
    except OSError as error:
        raise ValueError(f"accepted is a directory's path: {error.strerror}") from error
    except RuntimeError as error:
        raise ValueError("accepted is a directory's path; ~ needs a home directory") from error
    return path


def readable_file(value: str) -> Path | None:
    """Parse the path of an existing file; an empty text is None."""
    try:
        is_there = not value or Path(value).is_file()
    except OSError:  # it is no path at all, such as the file's content
        is_there = False
    if not is_there:
        raise ValueError("accepted is the path of a file that can be read")
    return Path(value) if value else None


def file_path(value: str) -> Path:
    """Parse the path of a file, which need not be there."""
    if is_quoted(value):
        raise ValueError("accepted is a file's path without quotes")
    return Path(value)


def part_size(value: str) -> int | None:
    """Parse the size of a part, from MiB into bytes; the word "auto" is None."""
    if value.lower() == "auto":
        return None
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 5 <= int(value) <= 5120:
        raise ValueError("accepted are auto and a whole number of MiB from 5 to 5120")
    return int(value) * MIB


def rate(value: str) -> int | None:
    """Parse how much may go out in a second, into bytes; the word "none" is None."""
    if value.lower() == "none":
        return None
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)(?:/s)?", value)
    number, unit = match.groups() if match else ("0", "")
    unit = unit.lower() if unit.lower().endswith("bit") else unit
    parsed = round(float(number) * _RATE_UNITS.get(unit, 0))
    if parsed < LOWEST_RATE:
        raise ValueError(
            "accepted are none and an amount for a second, as 10mbit (bits) or as 2MB or 2MiB "
            "(bytes), from 256kbit on"
        )
    return parsed
