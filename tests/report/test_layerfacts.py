"""A layer as pairs of a word and a value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.finding import Finding, Report
from lossmon.numfmt import MISSING
from lossmon.report.layerfacts import layer_facts
from lossmon.report.overtime import Fold

NAMED = Finding("vanishing-gradient", "error", 0, ("0.weight",), "", (), ())
REPORT = Report("a", "stuck", 50, None, (NAMED,))


def test_parameter_tells_shape_optimizer_last_numbers_and_findings() -> None:
    facts = dict(layer_facts(synth.run(50), REPORT, Fold("0.weight", (0,))))
    assert facts["shape"] == "64 x 32, float32"
    assert facts["optimizer"] == "group 0"
    assert facts["last sampled"] == "step 49"
    assert facts["named by"] == "vanishing-gradient"
    assert facts["goes into"] == "relu"


def test_module_tells_how_many_parameters_it_folds() -> None:
    facts = dict(layer_facts(synth.run(50), REPORT, Fold("0", (0, 1))))
    assert facts["parameters"] == "2 tensors, 2.1k numbers"
    assert "shape" not in facts


def test_parameter_in_no_optimizer_says_so_and_what_is_missing_is_a_dash() -> None:
    gone = np.full((50, len(synth.SHAPES)), np.nan)
    run = synth.run(50, group_of=[-1] * 6, parameter={signals.GRAD_NORM: gone})
    facts = dict(layer_facts(run, REPORT, Fold("0.weight", (0,))))
    assert facts["optimizer"] == "none: it is never updated"
    assert facts["grad norm"] == MISSING


def test_nothing_is_known_of_a_run_that_lossmon_did_not_write() -> None:
    assert layer_facts(replace(synth.run(50), meta=None), REPORT, Fold("0", (0,))) == []
