"""One broken training for every rule: broken it is named, fixed there is nothing to name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossmon.diagnosis.rules import load_rules

RULES = {rule.id: rule for rule in load_rules()}
Train = Callable[..., list[Any]]

FAULTS = sorted((Path(__file__).resolve().parents[2] / "demos" / "faults").glob("[a-z]*.py"))

pytestmark = [
    pytest.mark.training,
    pytest.mark.parametrize("script", FAULTS, ids=lambda script: script.stem),
]


def test_fault_is_named(train_quickly: Train, script: Path) -> None:
    slug = script.stem.replace("_", "-")
    (run,) = train_quickly(f"faults/{script.name}")
    assert run.cause == slug
    may_be_mild = RULES[slug].while_improving == "info" and run.status == "learning"
    assert slug in run.loud or may_be_mild


def test_cure_leaves_nothing_to_name(
    train_quickly: Train, script: Path, pytestconfig: pytest.Config
) -> None:
    rule = RULES[script.stem.replace("_", "-")]
    if rule.stage != "wiring" and not pytestconfig.getoption("--every-cure"):
        pytest.skip("with --every-cure, and in benchmarks/verdicts.py")
    (run,) = train_quickly(f"faults/{script.name}", "--fixed")
    assert not run.loud
    assert run.status in ("learning", "converged")
