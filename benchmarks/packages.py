"""Builds wheel and sdist, installs them into clean environments, and tries what each must do.

    python benchmarks/packages.py --markdown docs/compatibility.md
    python benchmarks/packages.py --only "base, oldest" --json outcomes.json

Needs a package index, about 5 GB for a time, and the Pythons 3.10 to 3.13 as far as they are there:
without one its environments are listed as not tried. PyTorch is installed without the libraries of
CUDA that its builds ask for, and with stand-ins where it does not start without (`cudaless.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cudaless import stand_ins
from interpreters import interpreter
from packagecases import ENVIRONMENTS, Environment
from packagetable import markdown, table

ROOT = Path(__file__).resolve().parent.parent
TORCH_NEEDS = ("filelock", "sympy", "networkx", "jinja2", "typing-extensions", "fsspec")
"""What PyTorch imports, besides CUDA's libraries; setuptools for some versions."""


@dataclass(slots=True)
class Outcome:
    """What was installed into an environment, and how each trial of it ended: "" is passed."""

    name: str
    python: str = ""
    problem: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    stand_ins: bool = False
    trials: dict[str, str] = field(default_factory=dict)


def build(folder: Path) -> tuple[Path, Path]:
    """Return the wheel and the sdist, built from this tree."""
    for target in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def attempt(case: Environment, built: tuple[Path, Path], folder: Path) -> Outcome:
    """Make the environment, try it, and remove it."""
    outcome = Outcome(case.name)
    python = interpreter(case.python)
    if python is None:
        outcome.problem = f"not tried: no Python {case.python} here"
        return outcome
    place = folder / "environment"
    shutil.rmtree(place, ignore_errors=True)
    try:
        subprocess.run([python, "-m", "venv", place], check=True)
        env = _clean() | {"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        _install(case, built, place / "bin/python", env)
        _look(outcome, place, env)
        if case.torch and _output(place / "bin/python", "-c", "import torch", env=env) is None:
            site = next(place.glob("lib/python*/site-packages"))
            env["LD_LIBRARY_PATH"] = str(stand_ins(site, place / "standins"))
            outcome.stand_ins = True
        outcome.trials = _try(case, place, env)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr or "").strip().splitlines() or [str(error)]
        outcome.problem = f"not installed: {said[-1]}"
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return outcome


def _clean() -> dict[str, str]:
    """Return an environment in which only what is installed can be imported."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in hidden} | {
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _install(
    case: Environment, built: tuple[Path, Path], python: Path, env: dict[str, str]
) -> None:
    wanted = f"{built[case.sdist]}[{case.extras}]" if case.extras else str(built[case.sdist])
    _pip(python, env, wanted, *case.pins)
    if case.torch:
        _pip(python, env, "--no-deps", f"torch=={case.torch}")
        _pip(python, env, *TORCH_NEEDS, "setuptools<81", *case.pins)


def _pip(python: Path, env: dict[str, str], *words: str) -> None:
    quiet = ("-q", "--disable-pip-version-check", "--no-warn-conflicts")
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, *words],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )


def _look(outcome: Outcome, place: Path, env: dict[str, str]) -> None:
    listed = _output(place / "bin/python", "-m", "pip", "list", "--format", "json", env=env)
    found = {one["name"].lower(): one["version"] for one in json.loads(listed or "[]")}
    outcome.versions = {name: found[name] for name in found if name not in ("pip", "lossmon")}
    version = _output(place / "bin/python", "-c", "import platform as p; print(p.python_version())")
    outcome.python = (version or "").strip()


def _try(case: Environment, place: Path, env: dict[str, str]) -> dict[str, str]:
    work = place / "work"
    work.mkdir()
    trial = ROOT / "benchmarks/packagetrial.py"
    command = [place / "bin/python", trial, work, *case.trials]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=work, check=False)
    try:
        said: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return dict.fromkeys(case.trials, done.stderr.strip()[-500:] or "it said nothing")
    return said


def _output(*command: str | Path, env: dict[str, str] | None = None) -> str | None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _kept(args: argparse.Namespace) -> dict[str, Outcome]:
    """Return the earlier outcomes of what is not tried again."""
    if not args.only or not args.json or not args.json.exists():
        return {}
    return {one["name"]: Outcome(**one) for one in json.loads(args.json.read_text())}


def _write(args: argparse.Namespace, found: dict[str, Outcome]) -> None:
    """Write what there is so far: a run of an hour may be cut off."""
    outcomes = [found[case.name] for case in ENVIRONMENTS if case.name in found]
    if args.json:
        args.json.write_text(json.dumps([asdict(one) for one in outcomes], indent=1) + "\n")
    if args.markdown:
        args.markdown.write_text(markdown(outcomes, ENVIRONMENTS), encoding="utf-8")


def main() -> int:
    """Try the environments, and return 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="only these; others as --json knows them"
    )
    parser.add_argument("--folder", type=Path, help="where environments are made; not removed")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all outcomes there")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="lossmon-packages-"))
    found = _kept(args)
    try:
        built = build(folder / "dist")
        for case in ENVIRONMENTS:
            if not args.only or case.name in args.only:
                found[case.name] = attempt(case, built, folder)
                print(table([found[case.name]]), end="", flush=True)
                _write(args, found)
    finally:
        if args.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    return int(any(one.problem or any(one.trials.values()) for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
