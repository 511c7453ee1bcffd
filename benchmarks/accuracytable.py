"""The verdicts of the accuracy benchmark as text and as the page docs/accuracy.md."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accuracy import Judged

AT_REST = ("learning", "converged")
NOTHING = "nothing"


def table(found: Sequence[Judged]) -> str:
    """Return what was said of every cause, and the figures in all."""
    lines = [f"{'cause':26} {'runs':>4} {'right':>5} {'top 3':>5}  said instead"]
    for cause, runs in by_cause(found).items():
        right, third = sum(map(is_right, runs)), sum(map(is_among_three, runs))
        lines.append(f"{cause:26} {len(runs):>4} {right:>5} {third:>5}  {instead(runs)}".rstrip())
    for judged in found:
        if judged.expected is None and (judged.loud or judged.status not in AT_REST):
            said = ", ".join(judged.loud) or "no finding"
            lines.append(f"healthy {judged.program} {judged.seed}: {judged.status}, {said}")
    return "\n".join([*lines, "", *(f"{value:>12}  {name}" for name, value in summary(found))])


def markdown(found: Sequence[Judged], words: str) -> str:
    """Return the page docs/accuracy.md; `words` are those after the command that made it."""
    lines = [
        "# How often it is right",
        "",
        f"Written by `python benchmarks/accuracy.py {words}`. Every program has one fault; "
        "`--fixed` takes it out, and that twin is one of the healthy runs. Limits of rules were "
        "set on other programs (`calibration` and `development` in `benchmarks/faults`, and "
        "`demos/faults`). A run is "
        "right when its primary cause is the fault it has.",
        "",
        *_on_probes(found),
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in summary(found)),
        "",
        "## Every cause, and what was said instead",
        "",
        "The confusion matrix, its zeros left out.",
        "",
        "| cause | runs | right | among three | said instead |",
        "|---|---|---|---|---|",
    ]
    for cause, runs in by_cause(found).items():
        right, third = sum(map(is_right, runs)), sum(map(is_among_three, runs))
        lines.append(f"| {cause} | {len(runs)} | {right} | {third} | {instead(runs)} |")
    return "\n".join([*lines, "", *_misses(found), "", *_alarms(found), ""])


def _on_probes(found: Sequence[Judged]) -> list[str]:
    probed = [run for run in found if run.was_probed]
    if not probed:
        return []
    words = "The reports of some runs said what would decide. These were trained once more with "
    words += "it, and the second report counts: "
    counts = Counter((" ".join(run.asks), run.expected is not None) for run in probed)
    ways = [
        f"`lossmon run {options}` {counts[options, True]} faulty and {counts[options, False]} "
        "healthy"
        for options in sorted({" ".join(run.asks) for run in probed})
    ]
    return [f"{words}{'; '.join(ways)}.", ""]


def by_cause(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Return the runs of every fault, by its slug."""
    groups: dict[str, list[Judged]] = {}
    for judged in found:
        if judged.expected is not None:
            groups.setdefault(judged.expected, []).append(judged)
    return dict(sorted(groups.items()))


def is_right(judged: Judged) -> bool:
    """Return whether the primary cause is the fault."""
    return judged.cause == judged.expected


def is_among_three(judged: Judged) -> bool:
    """Return whether the fault is one of the first three findings."""
    return judged.expected in [slug for _, slug in judged.findings[:3]]


def instead(runs: Sequence[Judged]) -> str:
    """Return what was named where it was not the fault, commonest first."""
    said = Counter(run.cause or f"{NOTHING} ({run.status})" for run in runs if not is_right(run))
    return ", ".join(f"{slug} x{count}" for slug, count in said.most_common())


def summary(found: Sequence[Judged]) -> list[tuple[str, str]]:
    """Return the figures in all, each with its name."""
    faulty = [run for run in found if run.expected is not None]
    healthy = [run for run in found if run.expected is None]
    rows = [
        ("faulty runs", str(len(faulty))),
        ("right primary cause", _share(sum(map(is_right, faulty)), len(faulty))),
        ("and at warning or error", _share(sum(r.expected in r.loud for r in faulty if is_right(r)),
                                           len(faulty))),
        ("among the first three", _share(sum(map(is_among_three, faulty)), len(faulty))),
        *_without_probes(faulty),
        ("causes under 80 %", _weak(found)),
        ("healthy runs", str(len(healthy))),
    ]  # fmt: skip
    for severity in ("error", "warning", "info"):
        alarmed = sum(any(s == severity for s, _ in run.findings) for run in healthy)
        rows.append((f"of them with a finding of {severity}", _share(alarmed, len(healthy))))
    calm = sum(run.status in AT_REST for run in healthy)
    rows.append(("of them called learning or converged", _share(calm, len(healthy))))
    rows += [("steps to the verdict, by those to a visible fault, median", _delay(faulty))]
    return rows + _baselines(faulty, healthy)


def _without_probes(faulty: Sequence[Judged]) -> list[tuple[str, str]]:
    if not any(run.was_probed for run in faulty):
        return []
    first = [run.alone if run.was_probed else run.cause for run in faulty]
    right = sum(cause == run.expected for cause, run in zip(first, faulty, strict=True))
    return [("right primary cause at the first report", _share(right, len(faulty)))]


def _weak(found: Sequence[Judged]) -> str:
    groups = by_cause(found)
    weak = [c for c, runs in groups.items() if sum(map(is_right, runs)) < 0.8 * len(runs)]
    return f"{len(weak)} of {len(groups)}" + (f": {', '.join(weak)}" if weak else "")


def _delay(faulty: Sequence[Judged]) -> str:
    ratios = [
        (run.opened + 1) / (run.visible + 1)
        for run in faulty
        if run.opened is not None and run.visible is not None and is_right(run)
    ]
    return f"{statistics.median(ratios):.2f} ({len(ratios)} runs)" if ratios else "unknown"


def _baselines(faulty: Sequence[Judged], healthy: Sequence[Judged]) -> list[tuple[str, str]]:
    names = sorted({name for run in (*faulty, *healthy) for name in run.baselines})
    rows = []
    for name in names:
        # One may have been asked of some runs only: it trains each anew.
        told = [run for run in faulty if name in run.baselines]
        calm = [run for run in healthy if name in run.baselines]
        right = sum(run.baselines[name][:1] == (run.expected,) for run in told)
        alarms = sum(bool(run.baselines[name]) for run in calm)
        rows += [
            (f"baseline {name}: right cause", _share(right, len(told))),
            (f"baseline {name}: healthy runs with an alarm", _share(alarms, len(calm))),
        ]
    return rows


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none"


def _misses(found: Sequence[Judged]) -> list[str]:
    lines = ["## Misses", "", "| program | seed | status | said |", "|---|---|---|---|"]
    for run in found:
        if run.expected is not None and not is_right(run):
            lines.append(f"| {run.program} | {run.seed} | {run.status} | {_said(run)} |")
    return lines


def _alarms(found: Sequence[Judged]) -> list[str]:
    lines = [
        "## Healthy runs of which something was said, or whose status is another",
        "",
        "| program | seed | status | said |",
        "|---|---|---|---|",
    ]
    for run in found:
        if run.expected is None and (run.findings or run.status not in AT_REST):
            lines.append(f"| {run.program} | {run.seed} | {run.status} | {_said(run)} |")
    return lines


def _said(run: Judged) -> str:
    return ", ".join(f"{severity} {slug}" for severity, slug in run.findings) or NOTHING
