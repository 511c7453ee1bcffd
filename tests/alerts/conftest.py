"""Runs that are followed, and servers that alerts are sent to: real ones, on this machine."""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon.alerts.alert import Alert
from lossmon.diagnosis.finding import Finding, Report, Severity
from lossmon.eventfile.liveness import Liveness
from lossmon.records import Mark, Run, Series
from lossmon.tui.snapshot import RunView

START = 1_700_000_000.0
HOSTILE = "<!channel> @everyone *b* _i_ `c` [l](http://evil) \r\nBcc: x@evil.org\r\n\x1b[2J\u202e&"


@pytest.fixture
def found() -> Callable[..., Finding]:
    """Make a finding: `found("dead-relu", "warning", consequence_of="zero-init")`."""

    def make(
        rule: str, severity: Severity = "error", *, consequence_of: str | None = None
    ) -> Finding:
        return Finding(
            rule, severity, 7, ("fc.weight",), "A claim.", (), ("A cure.",), consequence_of
        )

    return make


@pytest.fixture
def seen() -> Callable[..., RunView]:
    """Make a run as it is followed: `seen("a", found("dead-relu"), life="live", clear=[...])`."""

    def make(
        name: str,
        *findings: Finding,
        life: Liveness = "live",
        clear: tuple[str, ...] = (),
        ended: float = 100.0,
        marks: tuple[Mark, ...] = (),
    ) -> RunView:
        steps = np.arange(10)
        loss = Series("train/loss", steps, START + ended - 9 + steps, np.full(10, 2.0))
        cause = findings[0].rule if findings else None
        report = Report(name, "stuck", 10, cause, tuple(findings), clear=clear)
        run = Run(name, {"train/loss": loss}, marks=marks, last_wall=START + ended)
        return RunView((name, 0), name, run, life, report=report)

    return make


@pytest.fixture
def alert() -> Alert:
    """A finding in a run of an evil name."""
    return Alert(
        "finding",
        HOSTILE,
        9,
        "runs",
        status="stuck",
        loss=float("nan"),
        rule="dead-relu",
        severity="error",
        since_step=7,
        claim=f"Units of {HOSTILE} never fire.",
        culprits=(HOSTILE,),
        fixes=("Lower the learning rate.",),
    )


class Hook:
    """An HTTP server that answers with the next of `answers`, then with 204."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.got: list[Any] = []
        self.paths: list[str] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = hook.answers.pop(0) if hook.answers else (204, {})
                if status < 300:
                    hook.got.append(json.loads(body))
                hook.paths.append(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST  # noqa: N815  # as the server looks for it

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret-token"

    @contextmanager
    def serving(self) -> Iterator[Hook]:
        with _serving(self._server):
            yield self


class Post:
    """An SMTP server that takes mail for everybody but nobody@, and knows one login."""

    def __init__(self, context: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        """With a `context` it speaks TLS, from the start or once it is asked to."""
        self.mails: list[tuple[list[str], str]] = []
        self.logins: list[str] = []
        self.refuses = 0
        """So many connections are turned away first."""
        post = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def encrypt(self) -> None:
                assert context is not None
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", 0)

            def handle(self) -> None:
                if at_once:
                    self.encrypt()
                if post.refuses:
                    post.refuses -= 1
                    self.say("421 too busy")
                    return
                self.say("220 here")
                to: list[str] = []
                while line := self.rfile.readline().decode().strip():
                    word = line.upper().partition(" ")[0]
                    if word == "EHLO":
                        self.say("250-here")
                        if context is not None and not at_once:
                            self.say("250-STARTTLS")
                        self.say("250 AUTH PLAIN")
                    elif word == "AUTH":
                        login = base64.b64decode(line.split()[-1]).decode().replace("\0", " ")
                        post.logins.append(login.strip())
                        self.say("235 ok" if login.strip() == "me hunter2" else "535 no")
                    elif word == "STARTTLS":
                        self.say("220 go on")
                        self.encrypt()
                    elif word == "RCPT":
                        to.append(line[9:-1])
                        self.say("550 nobody" if "nobody@" in line else "250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        rows = []
                        while (row := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                            rows.append(row)
                        post.mails.append((to, "\n".join(rows)))
                        self.say("250 ok")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that does not trust it hangs up.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]

    @contextmanager
    def serving(self) -> Iterator[Post]:
        with _serving(self._server):
            yield self


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook().serving() as hook:
        yield hook


@pytest.fixture
def post() -> Iterator[Post]:
    with Post().serving() as post:
        yield post


@pytest.fixture(params=["starttls", "tls"])
def safe_post(
    request: pytest.FixtureRequest, certificate: Path
) -> Iterator[tuple[str, Post, ssl.SSLContext]]:
    """How to speak to a server with TLS, the server, and what trusts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate", certificate / "key")
    trusting = ssl.create_default_context(cafile=str(certificate / "certificate"))
    with Post(context, at_once=request.param == "tls").serving() as post:
        yield request.param, post, trusting


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `certificate` and `key` of this machine; nobody trusts them by himself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key", "-out", "certificate"]
    command = ["openssl", *words.split(), *more]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return folder
