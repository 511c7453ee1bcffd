"""`lossmon demo`: the first thing that somebody sees of lossmon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lossmon.cli import main


def test_the_demo_names_its_fault(lossmon_quickly: Callable[..., list[Any]]) -> None:
    (said,) = lossmon_quickly("demo")
    assert (said.status, said.cause) == ("stuck", "vanishing-gradient")
    assert said.loud["vanishing-gradient"] == "error"


def test_the_demo_without_its_fault_has_no_findings(
    lossmon_quickly: Callable[..., list[Any]],
) -> None:
    (said,) = lossmon_quickly("demo", "--fixed")
    assert (said.status, said.cause, said.loud) == ("converged", None, {})


def test_a_demo_of_no_steps_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--steps", "0"]) == 2
    assert "--steps must be 1 or more, not 0" in capsys.readouterr().err
