"""How often the cause is named: trainings with one fault each, their twins, and healthy ones.

    python benchmarks/accuracy.py [--part evaluation] [--seeds 3] [--logs DIR] [--markdown FILE]

Every program is recorded once for each seed below `--logs` with `lossmon run`; a recording that is
there is kept, so the benchmark can be stopped and started again. Then all logs are judged, by our
rules and by the baselines. Of a script with several trainings the longest one is judged. With
`--probe` the advice of reports is followed: a program whose report asks for a probe is trained once
more with `lossmon run --probe`, broken or healthy, and that report counts. So is one whose report
asks for `--hold-out`, unless it has named something to mend already.

Trainings run in forks of processes that have PyTorch, one for each job. Three seeds of
`evaluation` with `--probe`, 937 trainings then and 1033 since reports ask for `--hold-out`, took 46
minutes on two cores, half of them shared with other work; the last 420 trainings, alone, 13.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from accuracytable import markdown, table
from baselines import plateau_rules
from cases import Case
from programs import PARTS, Program, programs
from verdicts import record

from lossmon import signals
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.diagnosis.floor import PROBE_CALL
from lossmon.diagnosis.heartdoubt import HOLD_OUT_CALL
from lossmon.errors import LossmonError
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run

PEER = "torchmortem.json"
ADVICE = {"--probe": PROBE_CALL, "--hold-out": HOLD_OUT_CALL}
"""Options of `lossmon run`, and the words by which a report asks for them."""
FOLDERS = {"--probe": "probed", "--hold-out": "held-out"}
"""Below the logs, of those that were trained once more."""
SMOOTH = 20
"""Steps over which losses are averaged to say from when on a fault shows in them."""
VISIBLE = 0.1
"""Of the first loss: by so much a faulty run's loss lies above its twin's, to the end."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of one recording."""

    program: str
    family: str
    seed: int
    expected: str | None
    cause: str | None
    status: str
    findings: tuple[tuple[str, str], ...]
    """Severity and slug, the cause first."""
    opened: int | None
    """Step at which the expected finding was opened for good."""
    visible: int | None
    """Step from which on the fault shows in the loss; None where it does not."""
    baselines: dict[str, tuple[str, ...]]
    """Name of a baseline -> what it says, first what it would name."""
    error: str = ""
    asks: tuple[str, ...] = ()
    """Options of `lossmon run` of which the report says that they would decide about something."""
    alone: str | None = None
    """Cause that was named before a probe was made, where one was."""
    was_probed: bool = False
    """Whether that was done: by a probe, or by examples held out."""

    @property
    def loud(self) -> tuple[str, ...]:
        """Slugs above info."""
        return tuple(slug for severity, slug in self.findings if severity != "info")


def judge(program: Program, seed: int, logs: Path) -> Judged:
    """Return what is said of one recording."""
    name, family, expected = program.case.name, program.family, program.cause
    run = _longest(logs / name / str(seed))
    if run is None:
        return Judged(name, family, seed, expected, None, "", (), None, None, {}, "no run recorded")
    report = diagnose(run)
    findings = tuple((finding.severity, finding.rule) for finding in report.findings)
    opened = [h.step for h in report.history if h.rule == expected and h.event == "opened"]
    twin = _longest(logs / program.twin / str(seed)) if program.twin else None
    return Judged(
        name,
        family,
        seed,
        expected,
        report.cause,
        report.status,
        findings,
        opened[-1] if opened and expected in {slug for _, slug in findings} else None,
        _visible(run, twin) if twin is not None else None,
        {"plateau": tuple(plateau_rules(run)), **_peer(logs / name / str(seed) / PEER)},
        asks=_asks(report),
    )


def _asks(report: Report) -> tuple[str, ...]:
    texts = (report.status_reads, *report.undecided.values())
    found = [option for option, words in ADVICE.items() if any(words in text for text in texts)]
    is_named = any(finding.severity != "info" for finding in report.findings)
    return tuple(option for option in found if option == "--probe" or not is_named)


def after_probe(before: Judged, after: Judged) -> Judged:
    """Return what was said once a probe had been made, and of the run without it the rest."""
    return replace(
        before,
        cause=after.cause,
        status=after.status,
        findings=after.findings,
        opened=after.opened,
        alone=before.cause,
        was_probed=True,
    )


def _peer(file: Path) -> dict[str, tuple[str, ...]]:
    """Return what torchmortem said, where it was asked."""
    if not file.exists():
        return {}
    return {"torchmortem": tuple(name for _, name in json.loads(file.read_text()))}


def _longest(logdir: Path) -> Run | None:
    try:
        return max(read_runs(logdir), key=lambda run: run.last_step)
    except LossmonError:
        return None


def _visible(run: Run, twin: Run) -> int | None:
    """Return from which step on the loss stays above that of the twin with the same seed."""
    ours, theirs = run.scalar(signals.LOSS), twin.scalar(signals.LOSS)
    if ours is None or theirs is None:
        return None
    steps, at, other = np.intersect1d(ours.steps, theirs.steps, return_indices=True)
    if len(steps) < 2 * SMOOTH:
        return None
    average = np.ones(SMOOTH) / SMOOTH
    above = np.convolve(ours.values[at] - theirs.values[other], average, "valid")
    hidden = np.flatnonzero(~(np.nan_to_num(above, nan=np.inf) > VISIBLE * abs(theirs.values[0])))
    first = int(hidden[-1]) + 1 if len(hidden) else 0
    return int(steps[first + SMOOTH - 1]) if first < len(above) else None


def record_all(
    pairs: Sequence[tuple[Program, int]], logs: Path, jobs: int, train: Callable[..., None]
) -> None:
    """Record what is not there yet, with a line on how far it has got."""
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(train, program.case, seed, logs) for program, seed in pairs]
        for count, done in enumerate(as_completed(waiting), 1):
            done.result()
            _progress("recorded", count, len(pairs), began)


def ask_peer(case: Case, seed: int, logs: Path) -> None:
    """Train once more under torchmortem, unless it was asked."""
    out = logs / case.name / str(seed) / PEER
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, str(Path(__file__).with_name("peer.py")), str(out)]
        subprocess.run(
            [*words, str(case.script), *case.arguments, "--seed", str(seed)], capture_output=True
        )


def judge_all(pairs: Sequence[tuple[Program, int]], logs: Path, jobs: int) -> list[Judged]:
    """Judge every recording."""
    began = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(judge, program, seed, logs) for program, seed in pairs]
        for count, _ in enumerate(as_completed(waiting), 1):
            _progress("judged", count, len(pairs), began)
        return [done.result() for done in waiting]


def _progress(what: str, count: int, total: int, began: float) -> None:
    if sys.stderr.isatty() or count in (total, *range(0, total, 50)):
        print(f"{what} {count} of {total} in {time.monotonic() - began:.0f} s", file=sys.stderr)


def probe_all(
    pairs: Sequence[tuple[Program, int]], found: Sequence[Judged], logs: Path, jobs: int
) -> list[Judged]:
    """Do what reports ask for; return all verdicts, in the order of `pairs`."""
    said = list(found)
    for options in sorted({judged.asks for judged in found if judged.asks}):
        asking = [number for number, judged in enumerate(found) if judged.asks == options]
        again = [pairs[number] for number in asking]
        folder = logs / "-".join(FOLDERS[option] for option in options)
        record_all(again, folder, jobs, partial(record, options=options))
        for number, after in zip(asking, judge_all(again, folder, jobs), strict=True):
            said[number] = after_probe(said[number], after)
    return said


def chosen(part: str, only: str, seeds: int) -> Iterator[tuple[Program, int]]:
    """Yield every program with every seed."""
    for program in programs(part):
        if only in program.case.name:
            yield from ((program, seed) for seed in range(seeds))


def main() -> int:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, default="evaluation")
    parser.add_argument("--seeds", type=int, default=3, help="how many, counted from 0")
    parser.add_argument("--only", default="", help="programs with this in their name")
    parser.add_argument("--logs", type=Path, help="where recordings lie (default: thrown away)")
    parser.add_argument("--peer", action="store_true", help="train under torchmortem too")
    parser.add_argument(
        "--probe", action="store_true", help="do what reports ask for: probe, hold out"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--json", type=Path, help="write every verdict to this file")
    parser.add_argument("--markdown", type=Path, help="write the page docs/accuracy.md")
    args = parser.parse_args()
    pairs = list(chosen(args.part, args.only, args.seeds))
    with tempfile.TemporaryDirectory() as folder:
        logs = args.logs or Path(folder)
        record_all(pairs, logs, args.jobs, record)
        if args.peer:
            record_all(pairs, logs, args.jobs, ask_peer)
        found = judge_all(pairs, logs, args.jobs)
        if args.probe:
            found = probe_all(pairs, found, logs, args.jobs)
    print(table(found))
    if args.markdown:
        args.markdown.write_text(markdown(found, _words(args)))
    if args.json:
        args.json.write_text(json.dumps([asdict(judged) for judged in found], indent=2))
    return 0


def _words(args: argparse.Namespace) -> str:
    """Return the words that made a page."""
    words = f"--part {args.part} --seeds {args.seeds}" + (" --probe" if args.probe else "")
    return f"{words} --markdown docs/accuracy.md"


if __name__ == "__main__":
    sys.exit(main())
