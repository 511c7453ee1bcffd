"""Alerts as they arrive at real servers on this machine, and what is said where they do not."""

from __future__ import annotations

import email
import json
import ssl
import subprocess
import sys
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from lossmon.alerts.alert import Alert
from lossmon.alerts.command import Command
from lossmon.alerts.mail import Mail, Server
from lossmon.alerts.terminal import Terminal
from lossmon.alerts.way import WayFailed
from lossmon.alerts.webhook import Webhook
from lossmon.errors import UsageError

CONTROLS = ("\x1b", "\r", "\u202e")


def test_a_program_gets_all_there_is_to_know(alert: Alert, hook: Any) -> None:
    Webhook(hook.url, "json").send(alert)
    (body,) = hook.got
    told = (body["kind"], body["rule"], body["severity"], body["since_step"], body["loss"])
    assert told == ("finding", "dead-relu", "error", 7, "nan")
    assert not any(sign in json.dumps(body, ensure_ascii=False) for sign in CONTROLS)
    assert body["text"].startswith("error dead-relu in <!channel> @everyone")


def test_slack_sees_no_mention_no_link_and_no_markup(alert: Alert, hook: Any) -> None:
    Webhook(hook.url, "slack").send(alert)
    (body,) = hook.got
    assert "&lt;!channel&gt; @everyone" in body["text"]
    assert "<" not in body["text"]
    assert (body["mrkdwn"], body["parse"], body["link_names"]) == (False, "none", False)
    assert body["unfurl_links"] is False


def test_discord_mentions_nobody_and_draws_no_markup(alert: Alert, hook: Any) -> None:
    Webhook(hook.url, "discord").send(alert)
    (body,) = hook.got
    assert body["allowed_mentions"] == {"parse": []}
    assert r"\<!channel\> \@everyone \*b\* \_i\_ \`c\` \[l\]\(http\://evil\)" in body["content"]
    assert len(body["content"]) <= 2000


@pytest.mark.parametrize(
    ("answer", "says", "is_final", "wait_s"),
    [
        ((404, {}), "refused with status 404", True, 0),
        ((500, {}), "refused with status 500", False, 0),
        ((429, {"Retry-After": "90"}), "refused with status 429 for 1m30s", False, 90),
        ((429, {"Retry-After": "soon"}), "refused with status 429", False, 0),
        ((302, {"Location": "/elsewhere"}), "refused with status 302", True, 0),
    ],
)
def test_what_a_server_refuses_is_told_without_its_address(
    alert: Alert, hook: Any, answer: Any, says: str, is_final: bool, wait_s: float
) -> None:
    hook.answers = [answer]
    with pytest.raises(WayFailed) as failed:
        Webhook(hook.url, "json").send(alert)
    assert str(failed.value) == says
    assert (failed.value.is_final, failed.value.wait_s) == (is_final, wait_s)
    assert hook.paths == ["/secret-token"]


def test_a_server_that_is_not_there_is_tried_again(alert: Alert) -> None:
    with pytest.raises(WayFailed) as failed:
        Webhook("http://127.0.0.1:9/secret-token", "json").send(alert)
    assert str(failed.value) == "no answer (Connection refused)"
    assert not failed.value.is_final


@pytest.mark.parametrize(
    "url",
    [
        "secret",
        "https://",
        "ftp://host/secret",
        "file:///secret",
        "http://example.org/secret",
        "https://host/secret\r\nX: y",
        "https://host:port/secret",
        "https://[secret",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_being_said(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Webhook(url, "json")
    assert "secret" not in str(refused.value)


def test_mail_arrives_as_one_message_of_plain_text(alert: Alert, post: Any) -> None:
    server = Server("127.0.0.1", post.port, "none", "me", "hunter2")
    Mail(server, "lossmon@example.org", ["a@example.org", "b@example.org"]).send(alert)
    ((to, text),) = post.mails
    message = email.message_from_string(text, policy=default)
    assert to == ["a@example.org", "b@example.org"]
    assert post.logins == ["me hunter2"]
    assert message["Subject"].startswith("lossmon: error dead-relu in <!channel> @everyone")
    assert "Bcc" not in message
    assert message.get_content_type() == "text/plain"
    assert "Units of <!channel>" in message.get_content()
    assert not any(sign in message.get_content() for sign in CONTROLS)


@pytest.mark.parametrize(
    ("password", "to", "says", "is_final"),
    [
        ("wrong-secret", "a@example.org", "refused with code 535", True),
        ("hunter2", "nobody@example.org", "a recipient is refused", True),
    ],
)
def test_mail_that_is_refused_is_told_without_the_password(
    alert: Alert, post: Any, password: str, to: str, says: str, is_final: bool
) -> None:
    server = Server("127.0.0.1", post.port, "none", "me", password)
    with pytest.raises(WayFailed) as failed:
        Mail(server, "lossmon@example.org", [to]).send(alert)
    assert (str(failed.value), failed.value.is_final) == (says, is_final)
    assert password not in repr(server)


def test_a_mail_server_that_is_busy_or_away_is_tried_again(alert: Alert, post: Any) -> None:
    post.refuses = 1
    mail = Mail(Server("127.0.0.1", post.port, "none"), "a@example.org", ["a@example.org"])
    with pytest.raises(WayFailed, match="refused with code 421") as failed:
        mail.send(alert)
    assert not failed.value.is_final
    mail.send(alert)
    assert len(post.mails) == 1
    away = Mail(Server("127.0.0.1", 9, "none"), "a@example.org", ["a@example.org"])
    with pytest.raises(WayFailed, match="Connection refused"):
        away.send(alert)


def test_a_server_without_tls_never_hears_the_password(alert: Alert, post: Any) -> None:
    server = Server(
        "127.0.0.1", post.port, "starttls", "me", "hunter2", ssl.create_default_context()
    )
    with pytest.raises(WayFailed, match="the server knows no STARTTLS"):
        Mail(server, "a@example.org", ["a@example.org"]).send(alert)
    assert post.logins == []
    with pytest.raises(UsageError, match="a password is sent over TLS only"):
        Mail(Server("mail.example.org", 25, "none", "me", "x"), "a@example.org", [])


def test_the_password_goes_over_tls_to_a_server_that_is_trusted(
    alert: Alert, safe_post: Any
) -> None:
    security, post, trusting = safe_post
    server = Server("127.0.0.1", post.port, security, "me", "hunter2", trusting)
    Mail(server, "a@example.org", ["a@example.org"]).send(alert)
    assert (len(post.mails), post.logins) == (1, ["me hunter2"])
    stranger = Server("127.0.0.1", post.port, security, "me", "hunter2")
    with pytest.raises(WayFailed, match="no answer"):
        Mail(stranger, "a@example.org", ["a@example.org"]).send(alert)
    assert post.logins == ["me hunter2"]


@pytest.mark.parametrize(
    "address", ["", "me", "@example.org", "a@b@c", "a@example.org\r\nBcc: b@c.d", "\x1b@e.org"]
)
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is no mail address"):
        Mail(Server("localhost", 25), "a@example.org", [address])


WRITE = """
import json, os, sys
told = {k: v for k, v in os.environ.items() if k.startswith("LOSSMON_")}
with open(sys.argv[1], "w") as file:
    json.dump([sys.argv[2:], json.load(sys.stdin), told], file)
"""


def test_a_command_gets_the_alert_by_stdin_and_environment_and_no_words(
    alert: Alert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSMON_WEBHOOK", "https://secret")
    monkeypatch.setenv("LOSSMON_SMTP_PASSWORD", "hunter2")
    (tmp_path / "write.py").write_text(WRITE)
    Command(f"{sys.executable} {tmp_path}/write.py {tmp_path}/told").send(alert)
    words, body, told = json.loads((tmp_path / "told").read_text())
    assert words == []
    assert body == alert.document()
    assert (told["LOSSMON_RULE"], told["LOSSMON_KIND"]) == ("dead-relu", "finding")
    assert not {"LOSSMON_WEBHOOK", "LOSSMON_SMTP_PASSWORD"} & told.keys()


@pytest.mark.parametrize(
    ("words", "says", "is_final"),
    [
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with exit code 3", False),
        ("/no/such/program", "there is no such command", True),
    ],
)
def test_a_command_that_fails_is_told(alert: Alert, words: str, says: str, is_final: bool) -> None:
    with pytest.raises(WayFailed) as failed:
        Command(words).send(alert)
    assert (str(failed.value), failed.value.is_final) == (says, is_final)


def test_a_command_that_takes_too_long_is_ended(
    alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, timeout: float, **__: Any) -> None:
        raise subprocess.TimeoutExpired("x", timeout)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(WayFailed, match="took longer than 60 s"):
        Command("x").send(alert)


@pytest.mark.parametrize("words", ["", "  ", "'x"])
def test_a_command_that_cannot_be_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--command"):
        Command(words)


def test_a_terminal_gets_one_line_whatever_the_name(alert: Alert) -> None:
    sent: list[str] = []
    Terminal(["bell", "osc9"], sent.append, {"TERM": "xterm"}).send(alert)
    assert sent[0].startswith("\x07\x1b]9;lossmon: error dead-relu in <!channel>")
    assert sent[0].count("\x1b") == 1
