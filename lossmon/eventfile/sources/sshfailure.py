"""Why ssh gave up, from what it prints: one line that says what to do."""

from __future__ import annotations

import re

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.address import SshAddress
from lossmon.eventfile.sources.remote import FinalError
from lossmon.numfmt import printable

_LONGEST = 200
_NO_ROUTE = r"timed out|No route to host|is unreachable|Connection (closed|reset) by"


def failure(address: SshAddress, said: str) -> RemoteError:
    """Return the error for a connection that never came about; `said` is ssh's own output.

    It is a `FinalError` where trying again would be the same, or would look like guessing.
    """
    host = printable(address.host)
    place = f"{host} port {address.port}" if address.port else host
    by_hand = _by_hand(address)
    if "Could not resolve hostname" in said:
        return RemoteError(f"ssh: no host {host} is known here; check its name, or your network")
    if "Connection refused" in said:
        return RemoteError(f"ssh: {place} refuses the connection; sshd may listen on another port")
    if "IDENTIFICATION HAS CHANGED" in said:
        return FinalError(
            f"ssh: the key of {host} is another one than the known one; find out why, "
            f"then `ssh-keygen -R {host}` forgets the old one"
        )
    if "Host key verification failed" in said:
        return FinalError(
            f"ssh: the key of {host} is not known here; accept it once with: {by_hand}"
        )
    if "Permission denied" in said or "Too many authentication failures" in said:
        return FinalError(_refused(host, by_hand, said))
    if re.search(_NO_ROUTE, said):
        return RemoteError(f"ssh: {place} does not answer; check your network, or try: {by_hand}")
    last = (said.strip().splitlines() or ["it ended without a word"])[-1].removeprefix("ssh: ")
    return RemoteError(f"ssh: {printable(last, _LONGEST)}; to see more: {by_hand}")


def _refused(host: str, by_hand: str, said: str) -> str:
    ways = re.search(r"Permission denied \(([a-z0-9,@.-]{1,200})\)", said)
    if ways and re.search("password|keyboard-interactive", ways[1]):
        return (
            f"ssh: {host} asks for a password, and lossmon asks for none; use a key or ssh-agent, "
            f"or keep a connection open: {by_hand} -M -S PATH (ControlMaster in ~/.ssh/config)"
        )
    return f"ssh: permission denied by {host}; load your key with ssh-add, then try: {by_hand}"


def _by_hand(address: SshAddress) -> str:
    port = f"-p {address.port} " if address.port else ""
    user = f"{address.user}@" if address.user else ""
    return f"ssh {port}{user}{printable(address.host)}"
