"""A real sshd on the loopback interface, for tests and benchmarks: own port, own keys, no PAM.

`clients` is a folder for the front of PATH: the `ssh` in it is the system's, with the keys that
belong to this server and without anything of the user's.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
PATIENCE_S = 20.0
_TOOLS = ("sh", "find", "wc", "ls", "sed", "sort", "uniq", "tail", "head", "od", "sleep")
"""All that a session finds where it is to find no Python."""


class Sshd:
    """Runs until `close`."""

    def __init__(self, folder: Path) -> None:
        assert SSHD, "needs OpenSSH's server"
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in
        self.folder = folder
        self.port = _free_port()
        self.user = getpass.getuser()
        for name in ("host", "other_host", "client", "stranger"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True, timeout=PATIENCE_S)
        self._path_file = folder / "path"
        self.use_python(True)
        self.clients = self.client("client")
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, path: Path | str) -> str:
        """Return the address of a folder."""
        return f"ssh://{self.user}@localhost:{self.port}{path}"

    def client(self, key: str = "client", host_key: str | None = "host") -> Path:
        """Return a folder with an `ssh` that shows `key` and knows the server by `host_key`."""
        folder = self.folder / f"bin-{key}-{host_key}"
        folder.mkdir(exist_ok=True)
        known = folder / "known_hosts"
        public = (self.folder / f"{host_key}.pub").read_text() if host_key else ""
        known.write_text(f"[localhost]:{self.port} {public}" if public else "")
        config = folder / "config"
        config.write_text(
            f"UserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\nIdentitiesOnly yes\n"
            f"IdentityFile {self.folder / key}\nIdentityAgent none\nAddressFamily inet\n"
        )
        program = folder / "ssh"
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {config} "$@"\n')
        program.chmod(0o755)
        return folder

    def use_python(self, wanted: bool) -> None:
        """Let sessions that begin from now on find python3, or not."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        for name in _TOOLS:
            if not (tools / name).exists():
                (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
        path = os.environ["PATH"] if wanted else str(tools)
        self._path_file.write_text(f"PATH={shlex.quote(path)}; export PATH\n")

    def start(self, **options: str) -> None:
        """Start the server, with options of sshd_config, and wait until it answers."""
        wrapper = self.folder / "session"
        wrapper.write_text(
            f'#!/bin/sh\n. {self._path_file}\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n'
        )
        wrapper.chmod(0o755)
        settings = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": str(self.folder / "host"),
            "AuthorizedKeysFile": str(self.folder / "client.pub"),
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
            "PasswordAuthentication": "yes",
            "KbdInteractiveAuthentication": "no",
            "MaxStartups": "100",
            "ForceCommand": str(wrapper),
        } | options
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        log = (self.folder / "sshd.log").open("ab")
        self._process = subprocess.Popen(
            [SSHD or "sshd", "-D", "-e", "-f", str(config)], stderr=log, start_new_session=True
        )
        log.close()
        self._wait_until_it_answers()

    def cut(self) -> int:
        """End every session's processes, as if the line were cut; return how many."""
        assert self._process is not None
        cut = _children(self._process.pid)
        for pid in cut:
            os.kill(pid, signal.SIGKILL)
        return len(cut)

    def sessions(self) -> int:
        """Return the number of connections."""
        return len(_children(self._process.pid)) if self._process is not None else 0

    def stop(self) -> None:
        """End the server and its sessions."""
        if self._process is None:
            return
        children = _children(self._process.pid)
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._process = None
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1.0) as line:
                    if line.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError((self.folder / "sshd.log").read_text())
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]
