"""The options that say who is told, and how. Not a command.

Secrets come by the environment or from a file: words of a command line are seen by every user of
the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lossmon.cli.notify import WAYS
from lossmon.cli.output import note
from lossmon.errors import UsageError

if TYPE_CHECKING:
    from lossmon.alerts.mail import Security, Server
    from lossmon.alerts.way import Way

FORMATS = ("json", "slack", "discord")
SECURITY = ("starttls", "tls", "none")
_LONGEST_SECRET = 8192


def add_ways(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    ways = parser.add_argument_group("who is told")
    ways.add_argument(
        "--webhook", metavar="URL", help="POST to this address; or set LOSSMON_WEBHOOK"
    )
    ways.add_argument("--webhook-file", metavar="FILE", help="a file that holds the address")
    ways.add_argument(
        "--format", choices=FORMATS, default="json", help="shape of the webhook's body (json)"
    )
    ways.add_argument(
        "--command", metavar="CMD", help="run CMD, with the alert as JSON on its stdin"
    )
    ways.add_argument(
        "--notify", metavar="WAY", choices=WAYS, action="append", default=[],
        help=f"draw attention in this terminal: {', '.join(WAYS)}; repeatable",
    )  # fmt: skip
    mail = parser.add_argument_group("mail")
    mail.add_argument(
        "--mail-to", metavar="ADDRESS", action="append", default=[], help="repeatable"
    )
    mail.add_argument("--mail-from", metavar="ADDRESS", help="default: the first --mail-to")
    mail.add_argument(
        "--smtp", metavar="HOST[:PORT]", help="the server; or set LOSSMON_SMTP (localhost)"
    )
    mail.add_argument(
        "--smtp-security", choices=SECURITY, help="starttls; none where the server is this machine"
    )
    mail.add_argument("--smtp-user", metavar="NAME", help="or set LOSSMON_SMTP_USER")
    mail.add_argument("--smtp-password-file", metavar="FILE", help="or set LOSSMON_SMTP_PASSWORD")


def ways_of(args: argparse.Namespace, env: Mapping[str, str]) -> dict[str, tuple[Way, str]]:
    """Return by name the ways that are asked for, each with what tells it from others: a secret.

    Raises:
        UsageError: One of them cannot be used.
    """
    found: dict[str, tuple[Way, str]] = {}
    url = _secret(args.webhook_file) or args.webhook or env.get("LOSSMON_WEBHOOK", "")
    if url:
        from lossmon.alerts.webhook import Webhook

        found["webhook"] = Webhook(url, args.format), f"{args.format} {url}"
    if args.mail_to:
        from lossmon.alerts.mail import Mail

        sender, server = args.mail_from or args.mail_to[0], _server(args, env)
        way = Mail(server, sender, args.mail_to)
        found["mail"] = way, f"{server.host} {' '.join(sorted(args.mail_to))}"
    if args.command is not None:
        from lossmon.alerts.command import Command

        found["command"] = Command(args.command), args.command
    if args.notify and (terminal := _terminal(args.notify)) is not None:
        found["terminal"] = terminal, " ".join(args.notify)
    return found


def _server(args: argparse.Namespace, env: Mapping[str, str]) -> Server:
    from lossmon.alerts.mail import PORTS, Server
    from lossmon.alerts.webhook import is_here

    security: Security
    host, _, port = (args.smtp or env.get("LOSSMON_SMTP", "") or "localhost").partition(":")
    security = args.smtp_security or ("none" if is_here(host) else "starttls")
    if (port and not port.isdecimal()) or not 0 < int(port or 1) < 65536 or not host:
        raise UsageError("--smtp takes HOST or HOST:PORT")
    user = args.smtp_user or env.get("LOSSMON_SMTP_USER", "")
    password = _secret(args.smtp_password_file) or env.get("LOSSMON_SMTP_PASSWORD", "")
    if user and not password:
        raise UsageError("--smtp-user needs LOSSMON_SMTP_PASSWORD or --smtp-password-file")
    return Server(host, int(port or PORTS[security]), security, user, password)


def _secret(name: str | None) -> str:
    """Return what the first line of a file holds; "" where none is named."""
    if name is None:
        return ""
    try:
        with Path(name).open(encoding="utf-8") as file:
            secret = file.readline(_LONGEST_SECRET).strip()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "no text"
        raise UsageError(f"cannot read {name}: {reason}") from None
    if not secret:
        raise UsageError(f"{name} is empty")
    return secret


def _terminal(signs: list[str]) -> Way | None:
    from lossmon.alerts.terminal import Terminal

    streams = (sys.stderr, sys.stdout)
    stream = next((one for one in streams if one is not None and one.isatty()), None)
    if stream is None:
        note("no terminal: --notify does nothing")
        return None

    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return Terminal(signs, write, os.environ)  # type: ignore[arg-type]  # argparse has checked
