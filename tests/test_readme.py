"""What README shows is what the program prints."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.training
def test_the_verdict_in_the_readme_is_what_the_demo_ends_with(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    shown = re.search(r"<!-- output of .*? -->\n```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    done = run_python("-m", "lossmon", "run", ROOT / "demos/article/learning_rate.py", cwd=tmp_path)
    assert _any_end(shown.group(1)) in _any_end(done.stderr)


def _any_end(verdict: str) -> str:
    """Return a verdict without the last step of its evidence, which a slow machine samples less."""
    return re.sub(r"steps 0-1[5-9]\d", "steps 0-N", verdict)


def test_every_link_in_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_in_the_table_of_the_readme_runs(
    write_run: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(write_run("a", [2.0 - step / 200 for step in range(200)]).parent)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("lossmon.cli.tail.wait_for_reader", lambda _: False)
    monkeypatch.setattr("lossmon.cli.alert.wait", lambda _: False)
    commands = re.findall(r"^\| `lossmon (.*?)` \|", README, re.MULTILINE)
    here = [words.replace("RULE", "no-signal") for words in commands if "://" not in words]
    assert {words.split()[0] for words in here} >= {"check", "tui", "tail", "show", "export"}
    for words in here:
        assert main(words.split()) == 0, words
        silent = {"-o", "--html", "--command"}
        assert "a" in capsys.readouterr().out or silent & {*words.split()}


def test_the_line_for_each_framework_is_the_one_whose_recipe_is_tested() -> None:
    page = (ROOT / "docs/integrations.md").read_text(encoding="utf-8")
    block = re.search(r"In a framework one line.*?```python\n(.*?)```", README, re.DOTALL)
    assert block is not None
    lines = [line.partition("  #")[0].rstrip() for line in block.group(1).splitlines()]
    assert len(lines) == 6
    assert [line for line in lines if f"`{line}`" not in page] == []


def test_the_pictures_of_the_terminal_name_the_keys_that_it_has() -> None:
    from lossmon.tui.widgets import keys

    for name in ("overview", "run", "layers", "events"):
        assert f"docs/screens/{name}.svg" in README
        picture = (ROOT / f"docs/screens/{name}.svg").read_text(encoding="utf-8")
        shown = html.unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", picture)))
        words = shown.replace("\xa0", " ")
        for span, _ in keys.key_line(getattr(keys, name.upper()), 100).spans:
            assert span.strip() in words
        assert "font-face" not in picture
