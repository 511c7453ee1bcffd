"""How often the verdict is right: every demo, fault and healthy training, several seeds each.

    python benchmarks/verdicts.py [--seeds 10] [--only PART] [--logs DIR] [--json FILE]

Two stages. Trainings are recorded below `--logs` with `lossmon run`, each once: a log that is
already there is kept. Then every log is judged, which takes seconds, so that a changed rule is
judged again on the same trainings. A run counts as right when its cause is the fault it has, at
warning or error, or when it has none and nothing above info is said; every finding above info that
is neither true nor a consequence of the cause is a false alarm.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cases import Case, Truth, cases
from forks import in_fork

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.errors import LossmonError
from lossmon.eventfile.logdir import read_runs

ERRORS = "recording.txt"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of one run, held against the truth."""

    case: str
    seed: int
    run: str
    expected: str
    said: str
    status: str
    right: bool
    false_alarms: tuple[str, ...]


def record(case: Case, seed: int, logs: Path, *, options: Sequence[str] = ()) -> None:
    """Train once under `lossmon run` with these options, unless the log is there.

    In the folder of the log: a script that watches itself writes its own below that.
    """
    logdir = (logs / case.name / str(seed)).absolute()
    if (logdir / ERRORS).exists():
        return
    logdir.mkdir(parents=True, exist_ok=True)
    words = ["run", "--logdir", str(logdir), *options]
    words += [str(case.script), *case.arguments, "--seed", str(seed)]
    errors = logdir / f"{ERRORS}.part"
    code = in_fork(words, Path(os.devnull), errors, logdir)
    (logdir / ERRORS).write_text(f"exit code {code}\n{errors.read_text()}")
    errors.unlink()


def judge(case: Case, seed: int, logs: Path) -> list[Verdict]:
    """Diagnose the runs of one recording."""
    try:
        runs = read_runs(logs / case.name / str(seed))
    except LossmonError as error:
        return [_missing(case, seed, f"no run: {error}")]
    reports = [diagnose(run) for run in sorted(runs, key=lambda run: _number(run.name))]
    if case.count not in (None, len(reports)):
        return [_missing(case, seed, f"{len(reports)} runs, not {case.count}")]
    truths = case.truths * len(reports) if len(case.truths) == 1 else case.truths
    return [
        _verdict(case, seed, report, truth) for report, truth in zip(reports, truths, strict=True)
    ]


def _verdict(case: Case, seed: int, report: Report, truth: Truth) -> Verdict:
    loud = [finding for finding in report.findings if finding.severity != "info"]
    alarms = tuple(
        f"{finding.severity} {finding.rule}"
        for finding in loud
        if finding.rule not in {truth.cause, *truth.allowed}
        and (truth.cause is None or finding.consequence_of is None)
    )
    if truth.cause is None:
        right = not alarms and (not truth.learns or report.status in ("learning", "converged"))
    else:
        right = report.cause == truth.cause and any(f.rule == truth.cause for f in loud)
    said = ", ".join(f"{f.severity} {f.rule}" for f in loud) or report.status
    name = report.run.rpartition("/")[2]
    expected = truth.cause or "nothing"
    return Verdict(case.name, seed, name, expected, said, report.status, right, alarms)


def _missing(case: Case, seed: int, why: str) -> Verdict:
    expected = case.truths[0].cause or "nothing"
    return Verdict(case.name, seed, "", expected, why, "", False, ())


def _number(name: str) -> tuple[int, str]:
    """Return the sort key of `<Model>-<number>`: runs in the order of their trainings."""
    tail = name.rpartition("-")[2]
    return (int(tail) if tail.isdigit() else 0, name)


def table(verdicts: Iterable[Verdict]) -> str:
    """Return one line for each expected verdict of a case, with what was said instead."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.case, verdict.run, verdict.expected), []).append(verdict)
    lines = [f"{'case':44} {'expected':24} {'right':>7} {'false':>5}  said instead"]
    for (case, run, expected), group in groups.items():
        right = f"{sum(v.right for v in group)}/{len(group)}"
        alarms = sum(bool(v.false_alarms) for v in group)
        wrong = Counter(v.said for v in group if not v.right or v.false_alarms)
        instead = "; ".join(f"{said} ({count})" for said, count in wrong.most_common())
        where = f"{case} {run.rpartition('-')[2]}"
        lines.append(f"{where:44} {expected:24} {right:>7} {alarms or '-':>5}  {instead}".rstrip())
    return "\n".join(lines)


def totals(verdicts: list[Verdict]) -> dict[str, int]:
    """Return the four numbers that matter."""
    faulty = [v for v in verdicts if v.expected != "nothing"]
    healthy = [v for v in verdicts if v.expected == "nothing"]
    return {
        "faulty runs": len(faulty),
        "right cause": sum(v.right for v in faulty),
        "healthy runs": len(healthy),
        "false alarms on healthy runs": sum(bool(v.false_alarms) for v in healthy),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many, counted from 0")
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--logs", type=Path, help="where the recordings lie (default: thrown away)")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    parser.add_argument("--json", type=Path, help="write every verdict to this file")
    args = parser.parse_args()
    chosen = [(c, s) for c in cases() if args.only in c.name for s in range(args.seeds)]
    with tempfile.TemporaryDirectory() as folder:
        logs = args.logs or Path(folder)
        started = time.monotonic()
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda pair: record(*pair, logs), chosen))
        print(f"recorded {len(chosen)} scripts in {time.monotonic() - started:.0f} s", flush=True)
        verdicts = [verdict for case, seed in chosen for verdict in judge(case, seed, logs)]
    summary = totals(verdicts)
    print(table(verdicts), "\n")
    print("\n".join(f"{count:6}  {name}" for name, count in summary.items()))
    if args.json:
        rows = [
            {field: getattr(verdict, field) for field in Verdict.__slots__} for verdict in verdicts
        ]
        args.json.write_text(json.dumps({"totals": summary, "verdicts": rows}, indent=2))
    return 0 if all(verdict.right and not verdict.false_alarms for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
