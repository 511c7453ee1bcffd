"""The page of `lossmon show`, on runs whose verdict is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Damage, Mark, Run
from lossmon.tui.choice import MOST, entry, listing
from lossmon.tui.page import page
from lossmon.tui.polling import view_of
from lossmon.tui.snapshot import RunView

Golden = Callable[[str, str], None]
ENDED = 30.0
TEN_MINUTES_LATER = ENDED + 600


def finished(run: Run, name: str = "gpt/small-1") -> Run:
    return replace(run, name=name, last_wall=ENDED, marks=(Mark(299, ENDED, "closed"),))


def vanishing() -> Run:
    """A run whose gradients fade towards the input."""
    norms = np.tile([1e-9, 1e-9, 3e-5, 3e-5, 1.0, 1.0], (300, 1))
    changed = {signals.GRAD_NORM: norms, signals.GRAD_SAMPLED_NORM: norms}
    changed |= {signals.UPDATE_NORM: 1e-3 * norms}
    return finished(synth.run(300, loss=synth.flat(300), parameter=changed), "deep/sigmoid-2")


def viewed(run: Run, now: float = TEN_MINUTES_LATER) -> RunView:
    return replace(view_of((run.name, 0), run, None, now), report=diagnose(run))


def shown(run: Run, *, width: int = 80, colour: bool = False) -> str:
    view = viewed(run)
    assert view.report is not None
    return page(view, view.report, width=width, colour=colour)


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_in_trouble(golden: Golden, width: int) -> None:
    golden(f"page-vanishing-{width}.txt", shown(vanishing(), width=width))


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_that_learns(golden: Golden, width: int) -> None:
    golden(f"page-learning-{width}.txt", shown(finished(synth.run(300)), width=width))


def test_a_log_of_another_tool_says_what_it_lacks(golden: Golden) -> None:
    run = replace(synth.scalars_only(synth.falling(300), tag="Loss/train"), last_wall=ENDED)
    run = replace(run, name="foreign", roles={signals.LOSS.name: "Loss/train"})
    golden("page-foreign-80.txt", shown(run))


def test_a_log_without_a_loss_says_so_and_draws_nothing() -> None:
    text = shown(Run("none", last_wall=ENDED))
    assert "No tag here looks like a loss." in text
    assert "This log holds scalars only" in text
    own = replace(finished(synth.run(300)), series={}, parameters=None)
    assert "No loss was recorded: pass criterion=" in shown(own)
    assert "No step was sampled" in shown(own)


@pytest.mark.parametrize("width", [0, 40, 57, 80, 133, 200])
def test_lines_are_as_wide_as_asked(width: int) -> None:
    run = replace(vanishing(), name="a/very/long/name/of/a/folder/" * 4 + "run-12")
    lines = shown(run, width=width).splitlines()
    assert max(map(len, lines)) <= max(width, 40)
    assert "stuck" in lines[0]
    assert lines[0].startswith("a")


def test_what_a_log_says_cannot_speak_to_the_terminal() -> None:
    run = finished(synth.run(50), "a\x1b[2J\u202eb")
    damage = Damage(3, 100, ("events\x1b]0;x\x07: broken",))
    text = shown(replace(run, damage=damage))
    assert not any(char in text for char in "\x1b\x07\u202e")
    assert "3 damaged records in the log" in text


def test_histograms_are_said_to_be_in_the_log_and_not_read() -> None:
    text = shown(replace(finished(synth.run(50), "a"), histograms=frozenset({"w", "b"})))
    assert "2 histograms in the log, not read here: TensorBoard draws them" in text


def test_colour_changes_no_character() -> None:
    coloured = shown(vanishing(), colour=True)
    for code in ("0", "1", "2", "1;31", "1;32", "1;33", "1;36"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == shown(vanishing())


def test_the_run_in_most_trouble_comes_first_and_of_equals_the_latest() -> None:
    healthy = entry(viewed(finished(synth.run(300), "healthy")))
    older = entry(viewed(vanishing()))
    newer = entry(viewed(replace(vanishing(), name="newer", last_wall=ENDED + 9)))
    assert sorted([healthy, older, newer], key=lambda one: one.rank) == [newer, older, healthy]
    heading, first, *_, last = listing([healthy, older, newer], "lossmon ls runs")
    assert heading.startswith("3 runs")
    assert first.startswith("▶  newer")
    assert "vanishing-gradient" in first
    assert last.split() == ["healthy", "✓", "learning", "○", "finished"]


def test_a_long_list_is_cut_and_says_where_the_rest_is() -> None:
    entries = [entry(viewed(finished(synth.run(60), f"run-{n}"))) for n in range(MOST + 3)]
    lines = listing(entries, "lossmon ls runs")
    assert len(lines) == 1 + MOST + 1
    assert lines[-1] == "  … and 3 more: lossmon ls runs"
