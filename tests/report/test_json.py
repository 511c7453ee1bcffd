from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis.finding import Evidence, Finding, HistoryEntry, LostRank, Report
from lossmon.report.json import dump, render_json, report_dict

NAN_IN_LOSS = Finding(
    "nan-in-loss",
    "error",
    7,
    ("fc.weight",),
    "The loss is not finite.",
    (Evidence("train_loss", 7, 7, float("nan"), float("inf"), "loss nan at step 7"),),
    ("Lower the learning rate by 10.",),
)
REPORT = Report(
    run="a/b",
    status="broken",
    steps=9,
    cause="nan-in-loss",
    findings=(NAN_IN_LOSS,),
    history=(HistoryEntry("nan-in-loss", "opened", 7),),
    overruled={"no-signal": "nan-in-loss"},
    undecided={"label-noise": "a probe would decide"},
    clear=("zero-init",),
    skipped={"loss-detached": "no sampled gradients"},
    dropped=3,
    world_size=4,
    lost_ranks=(LostRank(2, 5, "RuntimeError: no more data"),),
)


def test_report_has_exactly_the_documented_keys() -> None:
    assert json.loads(render_json([REPORT])) == {
        "schema": 1,
        "runs": [
            {
                "run": "a/b",
                "status": "broken",
                "steps": 9,
                "cause": "nan-in-loss",
                "findings": [
                    {
                        "rule": "nan-in-loss",
                        "severity": "error",
                        "since_step": 7,
                        "culprits": ["fc.weight"],
                        "consequence_of": None,
                        "claim": "The loss is not finite.",
                        "evidence": [
                            {
                                "signal": "train_loss",
                                "first_step": 7,
                                "last_step": 7,
                                "observed": "nan",
                                "limit": "inf",
                                "reads": "loss nan at step 7",
                            }
                        ],
                        "fixes": ["Lower the learning rate by 10."],
                    }
                ],
                "history": [{"rule": "nan-in-loss", "event": "opened", "step": 7}],
                "overruled": {"no-signal": "nan-in-loss"},
                "undecided": {"label-noise": "a probe would decide"},
                "clear": ["zero-init"],
                "skipped": {"loss-detached": "no sampled gradients"},
                "dropped": 3,
                "world_size": 4,
                "lost_ranks": [{"rank": 2, "step": 5, "error": "RuntimeError: no more data"}],
            }
        ],
    }


def test_no_runs_are_an_empty_list() -> None:
    assert json.loads(render_json([])) == {"schema": 1, "runs": []}


def test_numbers_of_numpy_are_plain_numbers() -> None:
    evidence = Evidence("x", np.int64(1), np.int64(2), np.float32(0.5), np.float64("-inf"), "")  # type: ignore[arg-type]
    finding = replace(NAN_IN_LOSS, since_step=np.int64(1), evidence=(evidence,))
    shown = report_dict(replace(REPORT, findings=(finding,)))["findings"][0]
    assert json.loads(dump(shown))["evidence"][0] == {
        "signal": "x",
        "first_step": 1,
        "last_step": 2,
        "observed": 0.5,
        "limit": "-inf",
        "reads": "",
    }


def test_dump_refuses_what_strict_json_lacks() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump({"loss": float("nan")})


def test_control_characters_are_escaped_and_come_back() -> None:
    name = "\x00\x1b[2J\x7f\x9b\u202e\ud800\n"
    text = render_json([replace(REPORT, run=name)])
    assert text.isascii()
    assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), 127)}
    assert json.loads(text)["runs"][0]["run"] == name


def test_one_line_is_possible_for_streams() -> None:
    assert render_json([REPORT], indent=None).count("\n") == 1
