"""Jumps of the rate and marks, in lossmon's own words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon.diagnosis import synth
from lossmon.records import Mark
from lossmon.report.happenings import MOST, happenings

STEPS = 200


def test_jump_of_the_rate_is_told_with_both_values() -> None:
    run = synth.run(STEPS, lr=np.where(np.arange(STEPS) < 100, 0.1, 0.01))
    (jump,) = happenings(run)
    assert (jump.step, jump.kind, jump.reads) == (100, "lr", "lr 0.1 to 0.01")


def test_smooth_schedule_and_one_that_jumps_all_the_time_are_no_events() -> None:
    assert happenings(synth.run(STEPS, lr=0.1 * 0.99 ** np.arange(STEPS))) == ()
    restless = np.where(np.arange(STEPS) % 2, 0.1, 0.01)
    assert STEPS > MOST
    assert happenings(synth.run(STEPS, lr=restless)) == ()


def test_rate_that_becomes_zero_has_jumped() -> None:
    (jump,) = happenings(synth.run(STEPS, lr=np.where(np.arange(STEPS) < 50, 0.1, 0.0)))
    assert jump.step == 50


def test_only_known_marks_are_told_and_in_our_words() -> None:
    run = synth.run(STEPS)
    marks = (
        Mark(70, 0.0, "exception", {"error": "<b>boom</b>"}),
        Mark(50, 0.0, "resumed"),
        Mark(60, 0.0, "<b>mine</b>"),
        Mark(199, 0.0, "closed"),
    )
    found = happenings(replace(run, marks=marks))
    assert [(one.step, one.reads) for one in found] == [
        (50, "resumed"),
        (70, "ended by an exception"),
    ]
