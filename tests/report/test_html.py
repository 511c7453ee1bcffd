"""The HTML report: one file that loads nothing, holds every finding, and no markup of a log."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import ParameterInfo, Run

pytest.importorskip("bokeh")

from lossmon.report.html import FIGURES, Page, render_html

HOSTILE = "</script><img src=x onerror=alert(1)>"


def page(run: Run) -> Page:
    return Page(run, diagnose(run), "finished")


def figures(text: str) -> list[object]:
    found = re.search(r'id="figures">(.*?)</script>', text, re.DOTALL)
    assert found
    items = json.loads(found[1])
    assert isinstance(items, list)
    return items


def test_every_finding_is_there_with_its_evidence_and_fixes() -> None:
    stuck = page(synth.run(300, loss=np.r_[synth.falling(150), [np.nan] * 150]))
    assert stuck.report.findings
    text = render_html([stuck], title="runs", script="")
    for finding in stuck.report.findings:
        assert finding.rule in text
        for fix in finding.fixes:
            assert fix.split("'")[0].split("<")[0].split("&")[0].split('"')[0] in text


def test_loss_and_layers_are_drawn_in_the_file() -> None:
    text = render_html([page(synth.run(300))], title="runs", script="const bokeh = 1;")
    assert len(figures(text)) == 5
    assert "<script>const bokeh = 1;</script>" in text
    for name in synth.SHAPES:
        assert f">{name}</div>" in text


def test_file_refers_to_nothing_outside_of_it() -> None:
    text = render_html([page(synth.run(50))], title="runs", script="")
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r'(src|href)="(?!#)', text)
    assert "http:" not in text
    assert "https:" not in text


def test_names_of_a_log_are_text() -> None:
    run = synth.run(50)
    assert run.meta is not None
    infos = (ParameterInfo(f"{HOSTILE}.weight", (4,)), *run.meta.parameters[1:])
    hostile = replace(run, name=HOSTILE, meta=replace(run.meta, parameters=infos, model=HOSTILE))
    text = render_html([page(hostile)], title=HOSTILE, script="", dark=True)
    assert "<img" not in text
    assert text.count("</script>") == 3


def test_of_very_many_runs_all_findings_and_the_first_figures_are_there() -> None:
    one = page(synth.scalars_only(synth.falling(20)))
    text = render_html([one] * (FIGURES + 2), title="runs", script="")
    assert text.count('<section class="run"') == FIGURES + 2
    assert len(figures(text)) == FIGURES


def test_what_would_decide_is_said() -> None:
    run = synth.run(loss=synth.flat(300, at=1.2))
    assert "Undecided, label-noise or model-too-small: at the floor" in render_html(
        [page(run)], title="runs", script=""
    )
