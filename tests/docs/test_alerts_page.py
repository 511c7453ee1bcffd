"""What the page on alerts shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.cli import build_parser, main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")


@pytest.mark.training
def test_the_scripts_end_as_shown(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    stops, tells = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (shown,) = re.findall(r"<!-- its output -->\n```text\n(.*?)```", PAGE, re.DOTALL)
    # On a busy machine the judge begins late.
    patient = "import lossmon.capture.lookout as l\nl.LAST_WORDS_S = 60.0\n"
    done = run_python("-c", patient + tells + stops, cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    told, _, stopped = done.stdout.partition("stopped")
    assert "error nan-in-loss: The loss is not finite.\n" in told
    assert f"stopped{stopped}" == shown


def commands() -> list[str]:
    """Return every `lossmon alert ...` of the page, out of cron's and tmux's lines too."""
    found = re.findall(r"^(?:\$ lossmon alert|\$ tmux|\*/5) .*", PAGE, re.MULTILINE)
    inner = [re.search(r"lossmon alert.*", line.rstrip("'")) for line in found]
    return [one.group() + "'" * (one.group().count("'") % 2) for one in inner if one]


def test_every_command_is_one_that_there_is(
    broken_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(broken_run.parent)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/lossmon-webhook").write_text("https://hooks.example.org/secret\n")
    (tmp_path / ".config/lossmon-mail").write_text("secret\n")
    assert len(commands()) >= 10
    for command in commands():
        words = [str(Path(word).expanduser()) for word in shlex.split(command)[1:]]
        words = [str(broken_run) if word == "/home/me/runs" else word for word in words]
        more = ["--dry-run"] if "--test" in words else ["--dry-run", "--once"]
        assert main([*words, *more]) == 0, command
        out, err = capsys.readouterr()
        assert "secret" not in out + err
        assert out.startswith("info no-signal" if "--test" in words else "error nan-in-loss")


def test_the_run_that_it_shows_is_one_that_there_is() -> None:
    (line,) = re.findall(r"^\$ (lossmon run .*)", PAGE, re.MULTILINE)
    assert build_parser().parse_args(line.split()[1:]).stop_on == "nan-in-loss,error"


@pytest.fixture
def broken_run(write_run: Callable[..., Path]) -> Path:
    return write_run("a", [1.0] * 20 + [float("nan")] * 20)


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = link.partition("#")
        text = (ROOT / "docs" / file).read_text(encoding="utf-8") if file else PAGE
        heads = re.findall(r"^#+ (.*)", text, re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
        assert not anchor or anchor in slugs, link
