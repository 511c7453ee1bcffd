"""Alerts by HTTP: a JSON body for a program, for Slack, or for Discord.

The address is a secret: whoever knows it can write there. Nothing here says it.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from lossmon.alerts.alert import Alert
from lossmon.alerts.way import WayFailed
from lossmon.errors import UsageError
from lossmon.numfmt import fmt_duration
from lossmon.version import __version__

Format = Literal["json", "slack", "discord"]
TIMEOUT_S = 10.0
LONGEST_WAIT_S = 3600.0
_DISCORD_LONGEST = 1900
_NO_EMBEDS = 1 << 2
_AGAIN = (408, 425, 429)
"""Refusals that may be over later, as all from 500 on."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would send the alert to somebody else, or drop its body."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


class Webhook:
    """POSTs each alert."""

    def __init__(self, url: str, kind: Format) -> None:
        """
        Raises:
            UsageError: `url` is none that an alert can be sent to; the message does not hold it.
        """
        _check(url)
        self._url, self._kind = url, kind
        self._open = urllib.request.build_opener(_NoRedirect).open

    @property
    def name(self) -> str:
        """See `Way`."""
        return "webhook"

    def send(self, alert: Alert) -> None:
        """See `Way`; taken is what is answered by a status of 200 to 299."""
        request = urllib.request.Request(
            self._url,
            data=_BODIES[self._kind](alert),
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"lossmon/{__version__}",
            },
        )
        try:
            with self._open(request, timeout=TIMEOUT_S):
                pass
        except urllib.error.HTTPError as refused:
            with refused:
                raise _refusal(refused.code, refused.headers.get("Retry-After", "")) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise WayFailed(f"no answer ({_reason(error)})") from None

    def preview(self, alert: Alert) -> str:
        """See `Way`."""
        return _BODIES[self._kind](alert).decode()


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    printable = url.isascii() and url.isprintable() and " " not in url
    if not printable or not host or parts.scheme not in ("https", "http"):
        raise UsageError("the webhook is no address such as https://host/path")
    if parts.scheme == "http" and not is_here(host):
        raise UsageError("the webhook takes https://; http:// only on this machine")


def is_here(host: str) -> bool:
    """Return whether a host is this machine, by its name alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(status: int, later: str) -> WayFailed:
    is_asked = status in (429, 503) and later.isascii() and later.isdecimal()
    wait = min(float(later), LONGEST_WAIT_S) if is_asked else 0.0
    said = f"refused with status {status}"
    said += f" for {fmt_duration(wait)}" if wait else ""
    return WayFailed(said, is_final=status < 500 and status not in _AGAIN, wait_s=wait)


def _reason(error: Exception) -> str:
    """Return what went wrong in words that cannot hold the address."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"none within {TIMEOUT_S:.0f} s"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _json(alert: Alert) -> bytes:
    return json.dumps(alert.document()).encode()


def _slack(alert: Alert) -> bytes:
    """Return a body in which nothing is a mention, a link or markup."""
    text = alert.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = {"mrkdwn": False, "parse": "none", "link_names": False}
    return json.dumps({"text": text, **plain, "unfurl_links": False}).encode()


def _discord(alert: Alert) -> bytes:
    """Return a body that mentions nobody, with its markup escaped."""
    escaped = "".join(f"\\{c}" if c in r"\*_~`|>#[]()<:@-" else c for c in alert.text)
    mentions: dict[str, list[str]] = {"parse": []}
    body = {"content": escaped[:_DISCORD_LONGEST], "allowed_mentions": mentions}
    return json.dumps({**body, "flags": _NO_EMBEDS}).encode()


_BODIES: Mapping[Format, Callable[[Alert], bytes]] = {
    "json": _json,
    "slack": _slack,
    "discord": _discord,
}
