"""What goes wrong on the way, against the real ssh: each in one line that says what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossmon.errors import RemoteError
from lossmon.eventfile.sources import opened
from lossmon.eventfile.sources.address import SshAddress
from lossmon.eventfile.sources.remote import FinalError
from lossmon.eventfile.sources.sshfailure import failure

Until = Callable[[Callable[[], bool]], None]
Runs = Callable[..., Path]


def refusal(address: str) -> RemoteError:
    with opened(address) as source, pytest.raises(RemoteError) as caught:
        source.fetch()
    text = str(caught.value)
    assert text.startswith("ssh: ")
    assert text.isprintable()
    assert caught.value.exit_code == 4
    return caught.value


@pytest.fixture
def use_client(sshd: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let `ssh` show another key, or know the server by another one."""

    def use(**keys: Any) -> None:
        monkeypatch.setenv("PATH", f"{sshd.client(**keys)}{os.pathsep}{os.environ['PATH']}")

    return use


def test_port_where_nobody_listens_is_said(sshd: Any) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        error = refusal(f"ssh://localhost:{server.getsockname()[1]}/x")
    assert "refuses the connection" in str(error)
    assert not isinstance(error, FinalError)


def test_host_that_nobody_knows_is_said(sshd: Any) -> None:
    error = refusal("ssh://nowhere.invalid/x")
    assert "no host nowhere.invalid" in str(error)


def test_host_key_that_is_not_known_is_said_and_final(sshd: Any, use_client: Any) -> None:
    use_client(host_key=None)
    error = refusal(sshd.address("/x"))
    assert f"accept it once with: ssh -p {sshd.port} {sshd.user}@localhost" in str(error)
    assert isinstance(error, FinalError)


def test_host_key_that_has_changed_is_said_and_final(sshd: Any, use_client: Any) -> None:
    use_client(host_key="other_host")
    error = refusal(sshd.address("/x"))
    assert "ssh-keygen -R" in str(error)
    assert isinstance(error, FinalError)


def test_password_that_would_be_asked_for_is_said_and_final(sshd: Any, use_client: Any) -> None:
    use_client(key="stranger")
    error = refusal(sshd.address("/x"))
    assert "asks for a password" in str(error)
    assert "ssh-agent" in str(error)
    assert isinstance(error, FinalError)


def test_a_final_error_is_not_tried_again(sshd: Any, use_client: Any, until: Until) -> None:
    use_client(key="stranger")
    with opened(sshd.address("/x")) as source:
        source.follow()
        until(lambda: "asks for a password" in source.problem)
        until(lambda: source._thread is not None and not source._thread.is_alive())
        assert "trying again" not in source.problem


def test_ssh_that_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with opened("ssh://h/x") as source, pytest.raises(FinalError, match="install the OpenSSH"):
        source.fetch()


def test_program_that_is_not_ssh_is_told_by_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'no \x1b[2J idea' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "no \\x1b[2J idea" in str(refusal("ssh://h/x"))


def test_host_that_comes_back_is_found_again(sshd: Any, runs: Runs, until: Until) -> None:
    root = runs("a")
    with opened(sshd.address(root)) as source:
        assert source.problem.startswith("connecting to ssh://")
        source.follow()
        until(lambda: source.problem == "" and source.received_bytes > 0)
        sshd.stop()
        until(lambda: "refuses" in source.problem)
        assert ", trying again in " in source.problem
        sshd.start()
        until(lambda: source.problem == "")


def test_the_words_of_ssh_that_no_test_can_bring_about() -> None:
    address = SshAddress("h", "/x", "me", 2222)
    timeout = failure(address, "ssh: connect to host h port 2222: Connection timed out\r\n")
    assert "h port 2222 does not answer" in str(timeout)
    assert not isinstance(timeout, FinalError)
    denied = failure(address, "me@h: Permission denied (publickey).\r\n")
    assert "ssh-add" in str(denied)
    assert isinstance(denied, FinalError)
    assert "ended without a word" in str(failure(address, ""))
