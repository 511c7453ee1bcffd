"""Every demo explains itself and stands in the index."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

DEMOS = Path(__file__).resolve().parents[2] / "demos"
SCRIPTS = sorted(path for path in DEMOS.rglob("[a-z]*.py"))

ASK_ALL = """
import contextlib, io, pathlib, runpy, sys
for script in sys.argv[1:]:
    sys.path[0], sys.argv = str(pathlib.Path(script).parent), [script, "--help"]
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        runpy.run_path(script, run_name="__main__")
    if not ("--seed" in shown.getvalue() and "--steps" in shown.getvalue()):
        print(script)
"""
"""Asks every script for its help in one interpreter, so that torch is imported once."""


def test_every_demo_explains_its_flags(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run_python("-c", ASK_ALL, *SCRIPTS)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_every_demo_stands_in_the_index() -> None:
    index = (DEMOS / "README.md").read_text(encoding="utf-8")
    missing = [s.name for s in SCRIPTS if s.relative_to(DEMOS).as_posix() not in index]
    assert not missing


def test_no_demo_needs_lossmon() -> None:
    assert [s.name for s in SCRIPTS if "lossmon" in s.read_text(encoding="utf-8")] == []


def test_every_rule_has_a_demo() -> None:
    from lossmon.diagnosis.rules import load_rules

    slugs = {script.stem.replace("_", "-") for script in (DEMOS / "faults").glob("[a-z]*.py")}
    assert slugs == {rule.id for rule in load_rules()}
