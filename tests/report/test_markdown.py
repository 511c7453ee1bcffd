from __future__ import annotations

from dataclasses import replace

from lossmon.diagnosis.finding import Evidence, Finding, Report
from lossmon.report.markdown import render_markdown

FINDING = Finding(
    "lr-too-high",
    "error",
    3,
    ("fc.weight",),
    "The step overshoots.",
    (Evidence("update_ratio", 3, 10, 0.52, 0.3, "update ratio 0.52"),),
    ("Lower the learning rate by 10.",),
)
REPORT = Report("a", "diverging", 40, "lr-too-high", (FINDING,), status_reads="The loss rises.")


def test_report_reads_as_agreed() -> None:
    assert render_markdown([REPORT]) == (
        "### a: diverging, 40 steps\n"
        "\n"
        "The loss rises.\n"
        "\n"
        "- **The step overshoots.** `lr-too-high`, error since step 3\n"
        "  - Where: fc.weight\n"
        "  - Seen: update ratio 0.52 (steps 3-10, limit 0.3)\n"
        "  - Fix: Lower the learning rate by 10.\n"
        "\n"
        "0 rules clear, 0 skipped.\n"
    )


def test_text_from_a_log_is_no_markup() -> None:
    run = "<b>x</b> [a](http://b) `c` @d *e*\n# f"
    heading = render_markdown([replace(REPORT, run=run)]).splitlines()[0]
    assert heading.startswith(
        r"### \<b\>x\</b\> \[a\]\(http\://b\) \`c\` \@d \*e\*\\n\# f: diverging"
    )


def test_consequence_names_its_cause() -> None:
    text = render_markdown([replace(REPORT, findings=(replace(FINDING, consequence_of="b"),))])
    assert "error since step 3, after `b`" in text


def test_what_was_dropped_while_writing_is_said() -> None:
    text = render_markdown([replace(REPORT, dropped=12)])
    assert "12 records were dropped while writing" in text


def test_what_would_decide_is_said() -> None:
    text = render_markdown([replace(REPORT, undecided={"label-noise": "run a probe"})])
    assert r"Undecided, label\-noise: run a probe" in text
