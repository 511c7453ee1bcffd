"""Alerts by e-mail, through somebody's SMTP server. The password is never said."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from typing import Literal

from lossmon.alerts.alert import Alert
from lossmon.alerts.way import WayFailed
from lossmon.alerts.webhook import is_here
from lossmon.errors import UsageError
from lossmon.numfmt import printable

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
TIMEOUT_S = 20.0
_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """Default: what the system trusts."""


class Mail:
    """Sends each alert as a message of plain text."""

    def __init__(self, server: Server, sender: str, recipients: Sequence[str]) -> None:
        """
        Raises:
            UsageError: An address is none, or the password would be sent in the clear.
        """
        self._server = server
        self._sender = _address(sender)
        self._recipients = [_address(recipient) for recipient in recipients]
        if server.security == "none" and server.user and not is_here(server.host):
            raise UsageError("a password is sent over TLS only; leave out --smtp-security none")

    @property
    def name(self) -> str:
        """See `Way`."""
        return "mail"

    def send(self, alert: Alert) -> None:
        """See `Way`; refused by one recipient is refused."""
        server = self._server
        context = server.context or ssl.create_default_context()
        try:
            with self._connected(context) as line:
                if server.security == "starttls":
                    line.starttls(context=context)
                if server.user:
                    line.login(server.user, server.password)
                line.send_message(self._message(alert))
        except smtplib.SMTPRecipientsRefused:
            raise WayFailed("a recipient is refused", is_final=True) from None
        except smtplib.SMTPResponseException as refused:
            # A server's own words may repeat what it was sent: its number says enough.
            final = 500 <= refused.smtp_code < 600
            raise WayFailed(f"refused with code {refused.smtp_code}", is_final=final) from None
        except smtplib.SMTPNotSupportedError:
            raise WayFailed(
                f"the server knows no {'STARTTLS' if server.security == 'starttls' else 'login'}",
                is_final=True,
            ) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
            raise WayFailed(f"no answer ({printable(why, 80)})") from None

    def preview(self, alert: Alert) -> str:
        """See `Way`."""
        return self._message(alert).as_string().replace("\r\n", "\n")

    def _connected(self, context: ssl.SSLContext) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        # Its own name for us would be looked up in the network.
        if self._server.security == "tls":
            return smtplib.SMTP_SSL(host, port, "localhost", timeout=TIMEOUT_S, context=context)
        return smtplib.SMTP(host, port, "localhost", timeout=TIMEOUT_S)

    def _message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        title = alert.title
        message["Subject"] = f"lossmon: {title if len(title) <= _SUBJECT else title[:_SUBJECT]}"
        message["From"] = self._sender
        message["To"] = self._recipients
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=self._sender.domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{alert.text}\n")
        return message


def _address(text: str) -> Address:
    try:
        address = Address(addr_spec=text)
    # Its parser raises IndexError too, for some of what is no address.
    except (ValueError, IndexError, MessageError):
        address = Address()
    if not address.username or not address.domain or not text.isascii():
        raise UsageError(f"{printable(text, 80)} is no mail address")
    return address
