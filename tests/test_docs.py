"""Every command and every snippet of the docs runs, or says above it why it cannot be run here.

A block's mark is the HTML comment above it: `not run: WHY`, `the file NAME`, `a script for
torchrun`, or what a test of its own looks for. Blocks of one page run in order, in one folder.
Pages whose commands need a scheduler, other hosts or servers have tests of their own.
"""

from __future__ import annotations

import json
import re
import runpy
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from forks import Trainer

from lossmon.cli import main

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = {"clusters.md": "tests/test_clusters.py", "alerts.md": "tests/docs/test_alerts_page.py"}
"""Pages that have a test of their own."""
PAGES = [
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in ELSEWHERE),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "demos/README.md")),
]
BLOCK = re.compile(r"(?:^<!-- (.*?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = "not run: "
RUN_ELSEWHERE = ("recipe: ", "a script, run by ")
"""Marks that tests/integrations, and tests below or elsewhere, look for."""
OWN_TEST = "a script, run by tests/test_docs.py"
QUICK_START = ROOT / "docs/quick-start.md"
PROBES = (ROOT / "docs/probes.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    mark: str
    kind: str
    text: str

    @property
    def is_run(self) -> bool:
        not_here = (NOT_RUN, *RUN_ELSEWHERE)
        return self.kind in ("python", "console") and not self.mark.startswith(not_here)


def _stem(page: Path) -> str:
    return page.stem


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


def words(text: str) -> str:
    """Return an output without its digits and its lines: on other machines they are others."""
    return re.sub(r"\d[\d.e-]*", "N", " ".join(text.split()))


def given() -> dict[str, Any]:
    """Return what a snippet calls "yours": a small training that learns."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
    inputs = [torch.randn(32, 20) for _ in range(60)]
    return {
        "model": model,
        "criterion": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-2),
        "loader": [(x, x[:, :3].argmax(1)) for x in inputs],
    }


class Desk:
    """A folder in which a page is tried."""

    def __init__(self, trainer: Trainer, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._trainer = trainer
        self._folder = folder
        self._capture = capture

    def run(self, block: Block) -> None:
        if block.mark.startswith("the file "):
            (self._folder / block.mark.removeprefix("the file ")).write_text(block.text)
        elif block.kind == "python":
            self.execute(block.text)
        else:
            self.type(block.text)

    def execute(self, code: str) -> None:
        import lossmon

        namespace = given()
        exec(compile(code, "<docs>", "exec"), namespace)
        for value in namespace.values():
            if isinstance(value, lossmon.Monitor):
                value.close()

    def type(self, text: str) -> None:
        """Run each line after a `$`; what stands below it must be in its output."""
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            name, *arguments = shlex.split(line, comments=True)
            assert name == "lossmon", f"no test can run {line!r}: mark the block as not run"
            code, output = self._lossmon(arguments)
            assert code in ((0, 3) if arguments[0] == "check" else (0,)), (line, code, output)
            assert words(expected) in words(output)

    def sound_runs(self) -> int:
        """Return how many runs were recorded, each whole and without an error."""
        code, output = self._lossmon(["check", "runs", "--json"])
        runs = json.loads(output)["runs"]
        assert code == 0
        assert all(run["steps"] >= 15 for run in runs)
        return len(runs)

    def _lossmon(self, arguments: list[str]) -> tuple[int, str]:
        if arguments[0] != "run":
            code = main(arguments)
            return code, "".join(self._capture.readouterr())
        out, err = (self._folder / name for name in ("out.txt", "err.txt"))
        code = self._trainer.run(arguments, out, err, self._folder)
        return code, out.read_text() + err.read_text()


@pytest.fixture(scope="module")
def trainer() -> Iterator[Trainer]:
    """Start the process that has PyTorch, and forks for each `lossmon run`."""
    trainer = Trainer()
    yield trainer
    trainer.close()


@pytest.fixture
def desk(
    trainer: Trainer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """A folder like a clone with the script of the quick start in it, and no reader at stdout."""
    import torch

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lossmon.cli.tail.wait_for_reader", lambda _: False)
    # The default compiler takes half a minute; what the snippets show does not depend on it.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    (tmp_path / "demos").symlink_to(ROOT / "demos")
    desk = Desk(trainer, tmp_path, capsys)
    desk.run(next(block for block in blocks(QUICK_START) if block.mark == "the file train.py"))
    return desk


@pytest.mark.parametrize("page", PAGES, ids=_stem)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(blocks(page))
    for block in blocks(page):
        assert block.kind in ("python", "console", "text"), block
        commands = re.search(
            r"^(\$|lossmon|pip|make|python|tensorboard) ", block.text, re.MULTILINE
        )
        assert block.kind != "text" or not commands, f"a command that nobody runs: {block.text}"
        if block.mark.startswith(NOT_RUN):
            assert len(block.mark) > len(NOT_RUN) + 10, block


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_a_page_that_is_not_run_here_has_a_test_of_its_own(page: str, test: str) -> None:
    assert page in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*PAGES, *(ROOT / "docs" / name for name in ELSEWHERE)], ids=_stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.training
@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.is_run for block in blocks(page))],
    ids=_stem,
)
def test_what_a_page_says_to_do_works(page: Path, desk: Desk) -> None:
    if page.stem == "log-format":  # it reads what the quick start has written
        desk.run(next(block for block in blocks(QUICK_START) if "mon.step" in block.text))
    for block in blocks(page):
        if block.is_run and "torchrun" not in block.mark:
            desk.run(block)


@pytest.mark.training
@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("name", ["ddp", "fsdp"])
def test_a_script_for_torchrun_works_on_one_rank(
    name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch.distributed.fsdp

    if name == "fsdp" and not hasattr(torch.distributed.fsdp, "fully_shard"):
        pytest.skip("this PyTorch has no fully_shard")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    rank = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for variable, value in rank.items():
        monkeypatch.setenv(variable, value)
    (block,) = (one for one in blocks(ROOT / "docs/recipes.md") if f"runs/{name}" in one.text)
    desk.run(block)
    assert desk.sound_runs() == 1


def test_the_example_of_a_rule_fires_and_is_silent_on_its_own_cases(tmp_path: Path) -> None:
    from lossmon.diagnosis.evaluate import evaluate
    from lossmon.diagnosis.rules import load_rules

    name = "the file momentum_too_high.py"
    (block,) = (one for one in blocks(ROOT / "CONTRIBUTING.md") if one.mark == name)
    (tmp_path / "momentum_too_high.py").write_text(block.text, encoding="utf-8")
    rule = runpy.run_path(str(tmp_path / "momentum_too_high.py"))["RULE"]
    for cases, fires in ((rule.fires, True), (rule.silent, False)):
        for case in cases:
            report = evaluate(case.run(), [*load_rules(), rule])
            assert (report.cause == rule.id) is fires, case.name
    assert rule.doc.splitlines()[0] == rule.claim
    assert set(rule.confusables) <= {one.id for one in load_rules()}


@pytest.mark.training
@pytest.mark.parametrize("fixed", [False, True])
def test_the_experiments_in_the_docs_end_as_shown(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]], fixed: bool
) -> None:
    script = _shown(PROBES, OWN_TEST, "python")
    comment = "the output of the script without the fault" if fixed else "its output"
    # A busy machine may need longer than the minute.
    script = script.replace("mon.probe(draw(256))", "mon.probe(draw(256), seconds=600)")
    if fixed:
        script = script.replace("h.view(steps, batch, 32)", "h.transpose(0, 1)")
    done = run_python("-c", script, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert words(done.stdout) == words(_shown(PROBES, comment, "text"))
    assert f"{0 if fixed else 16} of 16 rows" in done.stdout


def test_the_readme_shows_the_same_experiments() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = _shown(PROBES, "its output", "text")
    assert _shown(readme, "the first output in docs/probes.md", "text") == expected


def _shown(page: str, mark: str, kind: str) -> str:
    (found,) = (text for said, of, text in BLOCK.findall(page) if (said, of) == (mark, kind))
    return str(found)
