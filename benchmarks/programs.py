"""The programs of the accuracy benchmark: one fault each, and their twins without it.

`<slug>__<family>.py` below `faults/calibration`, `faults/development` and `faults/evaluation`.
Limits of rules were set on the first part; the second was held out once, and what it showed has
been used since; only the third says how often lossmon is right. No program is in two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from cases import ROOT, Case, Truth

PARTS = ("calibration", "development", "evaluation")
VARIATIONS = {
    "optimizer": ("sgd", "adam", "adamw"),
    "schedule": ("constant", "cosine", "warmup", "step"),
    "batch": ("16", "64", "256"),
    "norm": ("none", "batch", "layer"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """One training: what is wrong with it, or None, and how it is run."""

    case: Case
    cause: str | None
    family: str
    twin: str = ""
    """Name of the case without the fault; "" for healthy programs."""


def programs(part: str) -> tuple[Program, ...]:
    """Return the programs of one part, each followed by its twin, and the healthy ones."""
    found: list[Program] = []
    for script in sorted((ROOT / "benchmarks" / "faults" / part).glob("[a-z]*__*.py")):
        slug, _, family = script.stem.partition("__")
        if slug == "healthy":
            continue
        cause, name = slug.replace("_", "-"), f"{part}-{script.stem}"
        broken = Case(name, script, (), (Truth(cause),), None)
        fixed = Case(f"{name}-fixed", script, ("--fixed",), (Truth(None),), None)
        found += [Program(broken, cause, family, fixed.name), Program(fixed, None, family)]
    return (*found, *(_variations() if part == "evaluation" else _healthy()))


def _healthy() -> tuple[Program, ...]:
    scripts = sorted((ROOT / "benchmarks" / "healthy").glob("[a-z]*.py"))
    return tuple(
        Program(Case(f"healthy-{s.stem.replace('_', '-')}", s, (), (Truth(None),), None), None, "")
        for s in scripts
    )


def _variations() -> tuple[Program, ...]:
    """Return every optimizer with every schedule, and every batch size with every norm."""
    script = ROOT / "benchmarks" / "faults" / "evaluation" / "healthy__variations.py"
    names = list(VARIATIONS)
    pairs = [
        dict(zip(chosen, values, strict=True))
        for chosen in (names[:2], names[2:])
        for values in product(*(VARIATIONS[name] for name in chosen))
    ]
    return tuple(
        Program(Case(_name(pair), script, _flags(pair), (Truth(None),), None), None, "variation")
        for pair in pairs
    )


def _name(chosen: dict[str, str]) -> str:
    return "healthy-variation-" + "-".join(chosen.values())


def _flags(chosen: dict[str, str]) -> tuple[str, ...]:
    return tuple(word for name, value in chosen.items() for word in (f"--{name}", value))
