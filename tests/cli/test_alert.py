"""`lossmon alert`, with a real server on this machine."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli import alert, main
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

Capture = pytest.CaptureFixture[str]
NAN = float("nan")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("LOSSMON_WEBHOOK", "LOSSMON_SMTP", "LOSSMON_SMTP_USER", "LOSSMON_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def got(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a server got, whose address is in LOSSMON_WEBHOOK; None is where it refused."""
    bodies: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_refused = not bodies and self.path.endswith("fickle")
            bodies.append(None if is_refused else body)
            self.send_response(500 if is_refused else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("LOSSMON_WEBHOOK", f"http://127.0.0.1:{server.server_port}/hush")
    yield bodies
    server.shutdown()
    server.server_close()
    thread.join()


class Night:
    """A training that goes NaN while somebody follows it, between two looks."""

    def __init__(self, root: Path, until: Callable[[Callable[[], bool]], None]) -> None:
        self.root, self.looks, self._until = root, 0, until
        meta = RunMeta("r", "r-0", start_wall=time.time(), model="Net")
        self.writer = RunWriter(root / "net", meta, flush_s=0.01)

    def wait(self, _: float) -> bool:
        """Make what comes next, instead of waiting."""
        self.looks += 1
        if self.looks == 1:
            self._write([2.0 - step / 100 for step in range(50)], 0)
        elif self.looks == 3:
            self._write([NAN] * 30, 50)
        elif self.looks == 5:
            self.writer.mark(Mark(79, time.time(), "closed"))
            self.writer.close()
        return True

    def _write(self, losses: list[float], first: int) -> None:
        before = self._size()
        for step, loss in enumerate(losses, first):
            self.writer.scalars(step, time.time(), {"train/loss": loss})
        self._until(lambda: self._size() > before)

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())


def test_a_run_that_goes_nan_is_told_once_and_a_restart_tells_nothing(
    tmp_path: Path,
    got: list[Any],
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    until: Callable[[Callable[[], bool]], None],
) -> None:
    night = Night(tmp_path / "runs", until)
    monkeypatch.setattr(alert, "wait", night.wait)
    words = ["alert", str(tmp_path / "runs"), "--until-end"]
    assert main(words) == 0
    told = [(body["kind"], body["rule"], body["run"]) for body in got]
    assert told == [("finding", "nan-in-loss", "net"), ("finished", "", "net")]
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "error nan-in-loss in net since step 50"
    assert main(words) == 0
    assert len(got) == 2
    assert "hush" not in out + err + "".join(capsys.readouterr())


def test_cron_tells_what_happened_since_it_looked_last(
    write_run: Callable[..., Path], got: list[Any], capsys: Capture
) -> None:
    now = time.time()
    root = write_run("a", [1.0] * 20, start=now - 20, closed=False)
    assert main(["alert", str(root), "--once"]) == 0
    assert got == []
    write_run("b", [NAN] * 20, start=time.time())
    assert main(["alert", str(root), "--once", "--on", "finding,dead"]) == 0
    assert [(body["kind"], body["run"]) for body in got] == [("finding", "b")]


def test_what_a_server_refuses_at_first_arrives_later(
    write_run: Callable[..., Path], got: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("lossmon.alerts.outbox.FIRST_S", 0.01)
    monkeypatch.setenv("LOSSMON_WEBHOOK", os.environ["LOSSMON_WEBHOOK"] + "-fickle")
    root = write_run("a", [NAN] * 20, start=time.time(), closed=False)
    assert main(["alert", str(root), "--once"]) == 0
    assert [body and body["rule"] for body in got] == [None, "nan-in-loss"]
    err = capsys.readouterr().err
    assert err == "lossmon: webhook: refused with status 500; tried again until it works\n"


def test_what_could_not_be_sent_is_sent_by_the_next_start(
    write_run: Callable[..., Path], got: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    root = write_run("a", [NAN] * 20, start=time.time(), closed=False)
    with monkeypatch.context() as broken:
        broken.setattr("lossmon.alerts.sender.Sender._work", lambda self: None)
        assert main(["alert", str(root), "--once"]) == 4
    assert capsys.readouterr().err == "lossmon: 1 alert could not be sent\n"
    assert main(["alert", str(root), "--once"]) == 0
    assert [body["rule"] for body in got] == ["nan-in-loss"]
    assert main(["alert", str(root), "--once"]) == 0
    assert len(got) == 1


def test_a_dry_run_sends_and_remembers_nothing(
    broken: Path, got: list[Any], capsys: Capture, tmp_path: Path
) -> None:
    words = ["alert", str(broken), "--once", "--dry-run", "--mail-to", "me@example.org"]
    assert main([*words, "--command", "notify-send lossmon", "--format", "slack"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "error nan-in-loss in burst since step 150"
    assert any(line.startswith('  webhook: {"text": "error nan-in-loss') for line in out)
    assert "  mail: Subject: lossmon: error nan-in-loss in burst since step 150" in out
    assert "  command: LOSSMON_RULE='nan-in-loss'" in out
    assert "hush" not in "".join(out)
    assert got == []
    assert not (tmp_path / "state").exists()


def test_a_test_alert_is_sent_though_there_is_no_run(
    tmp_path: Path, got: list[Any], capsys: Capture
) -> None:
    assert main(["alert", str(tmp_path / "none"), "--test"]) == 0
    (body,) = got
    assert body["claim"] == "This is a test of lossmon alert: nothing is wrong."


def test_a_read_only_home_is_told_and_costs_only_the_memory(
    broken: Path, got: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert main(["alert", str(broken), "--once"]) == 0
    assert capsys.readouterr().err == (
        "lossmon: what was sent cannot be remembered (Not a directory): a restart sends it again\n"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "nobody to tell"),
        (["--webhook", "ftp://x"], "the webhook is no address such as https://host/path"),
        (["--webhook-file", "/no/such"], "cannot read /no/such: No such file or directory"),
        (["--command", "x", "--on", "death"], "--on takes finding, resolved"),
        (["--command", "x", "--on", ","], "--on takes finding, resolved"),
        (["--command", "x", "--per-hour", "0"], "--per-hour takes 1 or more, not 0"),
        (["--mail-to", "me"], "me is no mail address"),
        (["--mail-to", "a@b.c", "--smtp", "h:x"], "--smtp takes HOST or HOST:PORT"),
        (["--mail-to", "a@b.c", "--smtp-user", "me"], "--smtp-user needs LOSSMON_SMTP_PASSWORD"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_2(
    words: list[str], says: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["alert", str(tmp_path), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_nothing_there_exits_4(tmp_path: Path, capsys: Capture) -> None:
    assert main(["alert", str(tmp_path / "no"), "--once", "--command", "true"]) == 4
    assert capsys.readouterr().err.endswith("no: this folder does not exist yet\n")
