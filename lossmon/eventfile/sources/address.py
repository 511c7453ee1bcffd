"""Where a logdir lies: a folder here, a folder behind ssh, or a URL that fsspec knows.

Nothing of an address can become an option or a command of ssh: host, user and port are held
against short lists of characters, and the path travels as data.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from lossmon.errors import UsageError
from lossmon.eventfile.place import FOLDER
from lossmon.numfmt import printable

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(::[A-Za-z][A-Za-z0-9+.-]*)*://")
_HOST = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9]+)?"
)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST = 1024
_EXAMPLE = "ssh://user@host/home/user/runs"


@dataclass(frozen=True, slots=True)
class SshAddress:
    """A folder on a host that the system's ssh reaches."""

    host: str
    path: str
    """Absolute, or below the home folder with a leading `./`."""
    user: str = ""
    port: int | None = None
    """None leaves it to ssh and its configuration."""

    @property
    def shown(self) -> str:
        """The address as a person types it."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        path = self.path if self.path.startswith("/") else f"/~{self.path[1:]}"
        return f"ssh://{user}{host}{port}{path}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The end of the path, as far as a run in that very folder is named by it."""
        return _end_of(self.path) or (self.host.replace(":", "-"),)


@dataclass(frozen=True, slots=True)
class UrlAddress:
    """A folder that fsspec reaches."""

    url: str

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0].rpartition("::")[2].lower()

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return printable(re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", self.url), _LONGEST)

    @property
    def parts(self) -> tuple[str, ...]:
        """The end of the path, as far as a run in that very folder is named by it."""
        return _end_of(self.url.partition("://")[2]) or (self.scheme,)


def is_remote(text: str) -> bool:
    """Return whether `text` is an address rather than a path."""
    return _REMOTE.match(text) is not None


def parse_address(text: str) -> SshAddress | UrlAddress:
    """Return the parts of a remote address.

    Raises:
        UsageError: It cannot be used; the message says which part, and what to write instead.
    """
    if len(text) > _LONGEST or _CONTROL.search(text):
        raise UsageError(
            f"the address {printable(text, 80)} holds a control character or is longer than "
            f"{_LONGEST} characters"
        )
    scheme, _, rest = text.partition("://")
    return _ssh_address(rest) if scheme.lower() == "ssh" else UrlAddress(text)


def _ssh_address(rest: str) -> SshAddress:
    place, slash, path = rest.partition("/")
    user, at, where = place.rpartition("@")
    host, port = _host_and_port(where)
    shown = printable(f"ssh://{where}{slash}{path}", 120)
    if ":" in user:
        raise UsageError(f"no password in an address: {shown}; ssh asks your keys and ssh-agent")
    if at and not _USER.fullmatch(user):
        raise UsageError(f"no user can be called {printable(user, 80)!r}; write {_EXAMPLE}")
    if not _HOST.fullmatch(host):
        raise UsageError(f"no host can be called {printable(host, 80)!r}; write {_EXAMPLE}")
    path = posixpath.normpath(f"/{path}").replace("//", "/")
    if path in ("/", "/~"):
        raise UsageError(f"{shown} names no folder; write {_EXAMPLE}, or ssh://host/~/runs")
    return SshAddress(host, f".{path[2:]}" if path.startswith("/~/") else path, user, port)


def _host_and_port(where: str) -> tuple[str, int | None]:
    if where.startswith("["):
        host, _, port = where[1:].partition("]")
    else:
        host, _, port = where.partition(":")
        port = f":{port}" if port else ""
    if not port:
        return host, None
    number = port[1:]
    if port[0] != ":" or not re.fullmatch(r"[0-9]{1,5}", number) or not 0 < int(number) < 65536:
        raise UsageError(
            f"the port in {printable(where, 80)!r} is no number from 1 to 65535; "
            "write ssh://host:2222/path"
        )
    return host, int(number)


def _end_of(path: str) -> tuple[str, ...]:
    names = [name for name in path.split("/") if name not in ("", ".", "..", "~")]
    count = 2 if names[-1:] == [FOLDER] else 1
    return tuple(name[:200] for name in names[-count:])
