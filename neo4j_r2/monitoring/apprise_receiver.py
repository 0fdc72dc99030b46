"""Sends notifications to receivers, which are Apprise URLs; the only module that knows Apprise.

Apprise is large, so it is imported only when there is something to send or to check. A URL holds
tokens, and a message of Apprise can repeat them. So no message of Apprise leaves this module.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from neo4j_r2.config.notify_settings import scheme_of

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

_LOCAL: Final = frozenset(
    ("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
)
"""Services that show a notification only on the machine itself; nobody looks there."""
_REASONS: Final = (
    (r"\berror=(\d{3})\b", "it answered with HTTP status {}"),
    (r"\((\d{3}), b['\"]", "it answered with SMTP code {}"),
    (r"(?i)certificate verify failed", "its certificate is not trusted"),
    (r"\[SSL", "the encryption failed"),
    (r"Connection refused", "the connection was refused"),
    (r"Failed to resolve|Name or service not known|No address associated", "no such host"),
    (r"(?i)timed out", "no answer in time"),
    (r"SMTP AUTH extension not supported", "the server takes no login"),
    (r"STARTTLS extension not supported", "the server has no TLS"),
    (r"Connection reset|Connection aborted|unexpectedly closed", "the connection was lost"),
)
"""Patterns in the messages of Apprise, each with the reason that is shown instead."""


def receiver_problem(url: str) -> str | None:
    """Return why a URL cannot be a receiver, None if it can; show no part of the URL."""
    if _service(url) is not None:
        return None
    if _is_local(url):
        return "tells only this machine"
    return "is none that Apprise knows, or lacks something"


def deliver(url: str, title: str, body: str, kind: str) -> str | None:
    """Send plain text; return why it was not delivered, None if it was.

    :param kind: success, warning or failure; many services show it as a colour.
    """
    import urllib3  # noqa: PLC0415 - see above
    from apprise import NotifyFormat, NotifyType, OverflowMode  # noqa: PLC0415 - see above

    urllib3.disable_warnings()  # those for `verify=no` print the host to standard error
    service = _service(url)
    if service is None:
        return f"the URL {receiver_problem(url)}"
    with _overheard() as words:
        is_delivered = service.notify(
            title=title,
            body=body,
            notify_type=NotifyType(kind),
            body_format=NotifyFormat.TEXT,
            overflow=OverflowMode.TRUNCATE,
        )
    return None if is_delivered else _reason(words)


def _service(url: str) -> NotifyBase | None:
    from apprise import Apprise  # noqa: PLC0415 - see above

    with _overheard():
        return None if _is_local(url) else Apprise.instantiate(url, asset=_asset())


def _is_local(url: str) -> bool:
    return scheme_of(url) in _LOCAL


def _asset() -> AppriseAsset:
    """Return the settings for every service: no files, no redirects, no changes of the text."""
    from apprise import AppriseAsset  # noqa: PLC0415 - see above

    return AppriseAsset(
        app_id="Neo4j backup",
        app_desc="Neo4j to R2 Backup Service",
        http_redirects=False,
        interpret_emojis=False,
        pem_autogen=False,
        pgp_autogen=False,
    )


def _reason(words: list[str]) -> str:
    text = "\n".join(words)
    for pattern, reason in _REASONS:
        if match := re.search(pattern, text):
            return reason.format(*match.groups())
    return "the reason is not shown, as it could hold a secret"


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Collect what Apprise logs in this thread, and keep it out of every other log."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    listener = _Listener()
    logger.addHandler(listener)
    try:
        yield listener.words
    finally:
        logger.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.words.append(record.getMessage())

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Print nothing about a record that cannot be formatted, as logging would by default."""
