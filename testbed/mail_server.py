"""A real mail server, aiosmtpd, that keeps the messages it receives."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from testbed.ports import LOOPBACK, free_port

USER = "mailer"
PASSWORD = "mail-pass-word"


class MailServer:
    """A server on a free loopback port, while the context is open. It demands a login."""

    def __init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.messages: list[EmailMessage] = []
        self._controller = Controller(
            self,
            hostname=LOOPBACK,
            port=free_port(),
            auth_required=True,
            auth_require_tls=False,
            authenticator=_authenticate,
        )

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._controller.port}"

    def url(self, password: str = PASSWORD) -> str:
        """Return the Apprise URL of somebody's mailbox."""
        return f"mailto://{USER}:{password}@{self.address}?from=n@backup.example&to=o@ops.example"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message; aiosmtpd calls this."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def __enter__(self) -> Self:
        """Start to listen."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._controller.stop()


def _authenticate(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any
) -> AuthResult:
    is_known = isinstance(login, LoginPassword) and login == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=is_known, handled=is_known)
