from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from lossmon.diagnosis.finding import Evidence, Finding, HistoryEntry, Report
from lossmon.report.text import render_text

NAN = float("nan")

WRONG_PARAMS = Finding(
    "optimizer-wrong-params",
    "error",
    0,
    ("fc.weight", "fc.bias"),
    "The optimizer holds another model's parameters.",
    (
        Evidence("grad_arrived", 0, 199, 0.0, 1.0, "0 of 2 trained parameters are in an optimizer"),
        Evidence("update_norm", 0, 199, 0.0, NAN, "no parameter has moved"),
    ),
    (
        "Build the optimizer from the model that is trained: "
        "`torch.optim.Adam(model.parameters(), lr=...)`.",
        "Build it again after the model is replaced, wrapped or moved.",
    ),
)
NO_SIGNAL = Finding(
    "no-signal",
    "warning",
    50,
    (),
    "Inputs say nothing about the labels.",
    (Evidence("level", 50, 199, -0.001, 0.02, "the loss explains -0.1 % of the prior loss"),),
    ("Look at a few inputs beside their labels.",),
    consequence_of="optimizer-wrong-params",
)
TOO_HIGH = Finding(
    "lr-too-high",
    "info",
    3,
    tuple(f"layers.{number}.weight" for number in range(9)),
    "The step overshoots.",
    (Evidence("update_ratio", 3, 10, 0.52, 0.3, "update ratio 0.52 in the first steps"),),
    ("Lower the learning rate by 10.", "Warm the learning rate up."),
)
STUCK = Report(
    run="learning_rate/Classifier-1",
    status="stuck",
    steps=200,
    cause="optimizer-wrong-params",
    findings=(WRONG_PARAMS, NO_SIGNAL, TOO_HIGH),
    history=(HistoryEntry("zero-init", "resolved", 12),),
    overruled={"lr-too-low": "optimizer-wrong-params"},
    undecided={"label-noise": "a run on ten samples with their labels checked would decide"},
    clear=("nan-in-loss", "zero-init", "constant-init"),
    skipped={"vanishing-gradient": "fewer than 3 layers", "loss-detached": "fewer than 3 layers"},
    status_reads="The loss moved by 0.3 % over steps 0-199, less than the floor of 1 %.",
)
HEALTHY = Report(
    run="GPT-1",
    status="learning",
    steps=400,
    cause=None,
    clear=("nan-in-loss",),
    status_reads="The loss fell from 4.21 to 2.1 over steps 0-399, by 4.1 % over the last 200.",
)
SHORT = Report(
    run="GPT-1",
    status="not-enough-evidence",
    steps=1,
    cause=None,
    skipped={"nan-in-loss": "no loss recorded", "no-signal": "no criterion seen"},
    status_reads="1 step is recorded; a verdict needs about 30.",
)
HOSTILE = "\x1b]52;c;aGk=\x07\u202e\r\n[bold]"


def test_stuck_run_reads_as_agreed(golden: Callable[[str, str], None]) -> None:
    golden("stuck.txt", render_text([STUCK]))


def test_healthy_run_says_why_it_is_healthy(golden: Callable[[str, str], None]) -> None:
    golden("healthy.txt", render_text([HEALTHY]))


def test_short_run_says_what_is_missing(golden: Callable[[str, str], None]) -> None:
    golden("short.txt", render_text([SHORT]))


def test_runs_are_a_blank_line_apart() -> None:
    both = render_text([HEALTHY, SHORT])
    assert both == f"{render_text([HEALTHY])}\n{render_text([SHORT])}"


@pytest.mark.parametrize("width", [40, 57, 80, 100])
def test_no_line_is_wider_than_asked(width: int) -> None:
    lines = render_text([STUCK], width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_extreme_widths_are_brought_within_reason() -> None:
    assert render_text([STUCK], width=1) == render_text([STUCK], width=40)
    assert render_text([STUCK], width=1000) == render_text([STUCK], width=100)


def test_colour_changes_neither_words_nor_line_breaks() -> None:
    coloured = render_text([STUCK, HEALTHY, SHORT], colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_text([STUCK, HEALTHY, SHORT])


def test_cause_of_a_learning_run_is_only_a_note() -> None:
    learning = replace(STUCK, status="learning", cause="lr-too-high", findings=(TOO_HIGH,))
    assert "note   The step overshoots." in render_text([learning])
    assert "cause" not in render_text([learning])


def test_consequence_stands_beneath_its_cause_and_offers_no_fix() -> None:
    text = render_text([STUCK])
    assert text.index(WRONG_PARAMS.claim) < text.index(NO_SIGNAL.claim) < text.index("also")
    assert NO_SIGNAL.fixes[0] not in text


def test_finding_whose_cause_is_absent_stands_alone() -> None:
    alone = replace(STUCK, cause="lr-too-high", findings=(TOO_HIGH, NO_SIGNAL))
    assert NO_SIGNAL.claim in render_text([alone])


def test_findings_that_explain_each_other_are_all_shown() -> None:
    circle = (
        replace(WRONG_PARAMS, consequence_of="no-signal"),
        replace(NO_SIGNAL, consequence_of="optimizer-wrong-params"),
    )
    text = render_text([replace(STUCK, findings=circle)])
    assert text.count(WRONG_PARAMS.claim) == text.count(NO_SIGNAL.claim) == 1


def test_text_from_a_log_cannot_reach_the_terminal() -> None:
    evidence = replace(WRONG_PARAMS.evidence[0], reads=HOSTILE)
    finding = replace(WRONG_PARAMS, culprits=(HOSTILE,), evidence=(evidence,), fixes=(HOSTILE,))
    text = render_text(
        [
            replace(
                STUCK,
                run=HOSTILE,
                findings=(finding,),
                status_reads=HOSTILE,
                skipped={"no-signal": HOSTILE},
                undecided={"label-noise": HOSTILE},
            )
        ]
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_no_reports_are_no_text() -> None:
    assert render_text([]) == ""


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 record was dropped"), (12, "12 records were dropped")]
)
def test_what_was_dropped_while_writing_is_said(count: int, words: str) -> None:
    assert f"  {words} while writing: the log has gaps.\n" in render_text(
        [replace(HEALTHY, dropped=count)]
    )
    assert "dropped" not in render_text([HEALTHY])


def test_rules_that_need_the_same_are_named_in_one_sentence() -> None:
    needs = {
        "label-noise": "a probe decides",
        "dead-relu": "ten more steps",
        "a-b": "a probe decides",
    }
    text = render_text([replace(STUCK, undecided=needs)])
    assert "  Undecided, label-noise or a-b: a probe decides\n" in text
    assert "  Undecided, dead-relu: ten more steps\n" in text
