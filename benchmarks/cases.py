"""The trainings that the verdicts are judged on, and what is true of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RANDOM_LABELS = frozenset({"no-signal"})
"""What may stand beside any verdict on the article's data: its labels are random."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one run: the fault's slug, or None where nothing is wrong."""

    cause: str | None
    allowed: frozenset[str] = frozenset()
    """Slugs that are true as well, so that naming them is no false alarm."""
    learns: bool = False
    """The status has to be `learning` (a healthy run of which nothing else may be said)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One script with its arguments, and the truth about each of its runs, in their order."""

    name: str
    script: Path
    arguments: tuple[str, ...]
    truths: tuple[Truth, ...]
    """One for each run; a single one where it holds of all, however many there are."""
    count: int | None
    """Number of runs that lossmon has to find; None where it is not judged."""


def cases() -> tuple[Case, ...]:
    """Return all of them: the article's experiments, the demos, the faults, the healthy."""
    return (*_article(), *_demos(), *_faults(), *_healthy())


def _article() -> tuple[Case, ...]:
    def case(script: str, arguments: str, *causes: str | None) -> Case:
        truths = tuple(Truth(cause, RANDOM_LABELS) for cause in causes)
        name = "-".join(["article", script, *arguments.replace("--", "").split()])
        path = ROOT / "demos" / "article" / f"{script}.py"
        return Case(name.replace(",", "x"), path, tuple(arguments.split()), truths, len(truths))

    wrong = "optimizer-wrong-params"
    return (
        case("learning_rate", "--wiring published", wrong, wrong, wrong),
        case("learning_rate", "--wiring corrected", "lr-too-high", "lr-too-low", None),
        case("initialisation", "", None, None, None),
        case("initialisation", "--hidden 64,64", "zero-init", "constant-init", None),
        case("regularisation", "--wiring published", None, wrong, wrong),
        case("regularisation", "--wiring corrected", None, "weight-decay-too-strong", None),
    )


def _demos() -> tuple[Case, ...]:
    healthy = (Truth(None, learns=True),)
    demos = ROOT / "demos"
    return (
        Case("gpt", demos / "gpt.py", (), healthy, 1),
        Case("gpt-tied", demos / "gpt.py", ("--tied", "--steps", "300"), healthy, 1),
        Case("cnn", demos / "cnn.py", (), healthy, 1),
    )


VARIANTS = {
    "optimizer-missing-params": ("--how list",),
    "optimizer-wrong-params": ("--how assign",),
    "missing-zero-grad": ("--optimizer adam",),
    "lr-too-high": ("--optimizer sgd",),
    "lr-too-low": ("--optimizer sgd",),
    "weight-decay-too-strong": ("--optimizer sgd", "--optimizer adamw"),
}
"""Other ways to have the same fault, beside the script's default."""


def _faults() -> tuple[Case, ...]:
    found = []
    for script in _scripts(ROOT / "demos" / "faults"):
        slug = script.stem.replace("_", "-")
        for variant in ("", *VARIANTS.get(slug, ())):
            arguments = tuple(variant.split())
            name = "-".join([slug, *arguments[1:]])
            found.append(Case(name, script, arguments, (Truth(slug),), 1))
            fixed = (*arguments, "--fixed")
            found.append(Case(f"{name}-fixed", script, fixed, (Truth(None),), 1))
    return tuple(found)


def _healthy() -> tuple[Case, ...]:
    return tuple(
        Case(f"healthy-{script.stem.replace('_', '-')}", script, (), (Truth(None),), None)
        for script in _scripts(ROOT / "benchmarks" / "healthy")
    )


def _scripts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
