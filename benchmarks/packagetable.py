"""The outcomes of `packages.py` as lines for a person, and as docs/compatibility.md."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packagecases import Environment
    from packages import Outcome

SHOWN = (
    "numpy", "textual", "torch", "tensorboard", "bokeh", "fsspec",
    "lightning", "transformers", "accelerate", "pytorch-ignite", "skorch",
)  # fmt: skip
HEAD = """\
# Versions it runs with

Written by `python benchmarks/packages.py --markdown docs/compatibility.md` on {system}. Each line
is a fresh environment: pip installed the wheel (once the sdist), and what stands under *tried*
was done with it. What is not pinned is the newest that pip found.

| asked for | Python | installed | tried | not passed |
|---|---|---|---|---|
"""
FOOT = """
What each trial does:

- **help**: `lossmon --help` and `--version`. **check**: `lossmon check` of a log, text and JSON.
- **tui --once**, **tui**: the logdir opens in the terminal interface: drawn as text, and in a real
  (pseudo-)terminal, which `q` leaves with exit code 0.
- **tab**: the real `tensorboard` process lists the tab "Stagnation"; its runs, report and figure
  are fetched. **tab, no figures**: the same without Bokeh: verdicts, no figures.
- **report --html**: the page is written.
- **watch**, **run**: a small training is recorded from two lines, and as a script that knows
  nothing of lossmon; steps, layers and verdict are read back.
- **remote**, **gpu**, **fast**, **completion**: a logdir through fsspec, NVIDIA's binding imports,
  checksums in C, a shell's completions are written.
- **lightning** and the other frameworks: a training in it, watched by one line, is read back.
- **no torch**: PyTorch is not installed, and so was not needed.

"""


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a line each, and one for each trial that failed."""
    return "".join(line + "\n" for one in outcomes for line in _lines(one))


def markdown(outcomes: Sequence[Outcome], cases: Sequence[Environment]) -> str:
    """Return the page."""
    system = f"{platform.system()} {platform.machine()}"
    rows = "".join(f"| {' | '.join(_cells(one))} |\n" for one in outcomes)
    asked = {case.name: case for case in cases}
    patched = [one.name for one in outcomes if one.stand_ins]
    notes = []
    if patched:
        versions = ", ".join(asked[name].torch for name in patched)
        notes.append(
            f'With PyTorch {versions} stand-ins for the CUDA libraries answered "no device" '
            "(`benchmarks/cudaless.py`):\nPyPI has CUDA builds only, which do not start without "
            "those libraries. All of its CPU code ran,\nand none for a GPU.\n"
        )
    return HEAD.format(system=system) + rows + FOOT + "".join(notes)


def _lines(one: Outcome) -> Iterator[str]:
    failed = {name: why for name, why in one.trials.items() if why}
    state = one.problem or (f"{len(failed)} FAILED" if failed else f"{len(one.trials)} passed")
    yield f"{one.name:32} Python {one.python or '-':8} {_versions(one)}: {state}"
    for name, why in failed.items():
        yield f"    {name}: {why}"


def _cells(one: Outcome) -> tuple[str, ...]:
    passed = [name for name, why in one.trials.items() if not why]
    failed = [name for name, why in one.trials.items() if why]
    missing = one.problem or ", ".join(failed) or "–"
    return one.name, one.python, _versions(one), ", ".join(passed), missing


def _versions(one: Outcome) -> str:
    return ", ".join(f"{name} {one.versions[name]}" for name in SHOWN if name in one.versions)
