"""What stands beside the findings, or in their place."""

from __future__ import annotations

from dataclasses import replace

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run
from lossmon.tui.polling import view_of
from lossmon.tui.widgets.evidence import evidence_lines


def shown(run: Run) -> list[str]:
    """Return what stands in the place of findings where a run has none."""
    report = diagnose(run)
    assert not report.findings
    view = replace(view_of((run.name, 0), run, None, 30.0), report=report)
    return [line.text.strip() for line in evidence_lines(view, None, 78, 20)]


def test_what_would_decide_comes_before_what_could_not_be_judged() -> None:
    lines = shown(synth.run(300, loss=synth.flat(300, at=1.2)))
    place = next(at for at, text in enumerate(lines) if "label-noise or model-too-small" in text)
    skipped = next(at for at, text in enumerate(lines) if "could not be judged" in text)
    assert place < skipped
    assert "lossmon run --probe" in " ".join(lines)
