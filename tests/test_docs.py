"""What the page of experiments shows is what its script prints, and README shows the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/probes.md").read_text(encoding="utf-8")
BLOCK = r"<!-- {} -->\n```{}\n(.*?)```"


def shown(page: str, comment: str, kind: str) -> str:
    found = re.search(BLOCK.format(comment, kind), page, re.DOTALL)
    assert found is not None
    return found.group(1)


def rounded(text: str) -> str:
    """Return an output without its digits: on other machines the last ones are others."""
    return re.sub(r"\d[\d.e-]*", "N", text)


@pytest.mark.training
@pytest.mark.parametrize("fixed", [False, True])
def test_the_experiments_in_the_docs_end_as_shown(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]], fixed: bool
) -> None:
    script = shown(PAGE, "a script, run by tests/test_docs.py", "python")
    comment = "the output of the script without the fault" if fixed else "its output"
    # A busy machine may need longer than the minute.
    script = script.replace("mon.probe(draw(256))", "mon.probe(draw(256), seconds=600)")
    if fixed:
        script = script.replace("h.view(steps, batch, 32)", "h.transpose(0, 1)")
    done = run_python("-c", script, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert rounded(done.stdout) == rounded(shown(PAGE, comment, "text"))
    assert f"{0 if fixed else 16} of 16 rows" in done.stdout


def test_the_readme_shows_the_same_experiments() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = shown(PAGE, "its output", "text")
    assert shown(readme, "the first output in docs/probes.md", "text") == expected
