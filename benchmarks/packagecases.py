"""The environments that a release is tried in: Python, what pip is asked for, what must work there.

Oldest versions are the floors in pyproject.toml; what is not pinned is the newest there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from packagetrial import FRAMEWORKS

LOOKING = ("help", "check", "tui --once", "tui")
"""What the base install does."""
TRAINING = (*LOOKING, "watch", "run")
_FLOORS = ("numpy==1.26.0", "textual==6.0.0")
_BOARD_FLOORS = (*_FLOORS, "tensorboard==2.17.1", "bokeh==3.5.0")
_OTHER_FLOORS = ("fsspec==2024.2.0", "nvidia-ml-py==12.535.77", "google-crc32c==1.5.0")


@dataclass(frozen=True, slots=True)
class Environment:
    """One clean environment."""

    name: str
    python: str
    trials: tuple[str, ...]
    extras: str = ""
    pins: tuple[str, ...] = ()
    torch: str = ""
    """A version to install beforehand, without the CUDA libraries that it asks for."""
    sdist: bool = False


ENVIRONMENTS = (
    *(
        Environment(f"base, Python {python}", python, (*LOOKING, "no torch"))
        for python in ("3.10", "3.11", "3.12", "3.13")
    ),
    Environment("base, oldest", "3.10", (*LOOKING, "no torch"), pins=_FLOORS),
    Environment("base, numpy 1.26", "3.12", (*LOOKING, "no torch"), pins=("numpy==1.26.*",)),
    Environment("base, from the sdist", "3.11", (*LOOKING, "no torch"), sdist=True),
    Environment(
        "and TensorBoard, no Bokeh",
        "3.12",
        (*LOOKING, "tab, no figures", "no torch"),
        pins=("tensorboard",),
    ),
    Environment(
        "tensorboard", "3.13", (*LOOKING, "tab", "report --html", "no torch"), "tensorboard"
    ),
    Environment(
        "tensorboard, oldest",
        "3.10",
        (*LOOKING, "tab", "report --html", "no torch"),
        "tensorboard",
        # It imports pkg_resources, which newer setuptools lack.
        (*_BOARD_FLOORS, "setuptools<70"),
    ),
    Environment("remote", "3.12", (*LOOKING, "remote", "no torch"), "remote"),
    Environment("gpu", "3.12", (*LOOKING, "gpu", "no torch"), "gpu"),
    Environment("fast", "3.12", (*LOOKING, "fast", "no torch"), "fast"),
    Environment("completion", "3.12", (*LOOKING, "completion", "no torch"), "completion"),
    Environment(
        "remote, gpu and fast, oldest",
        "3.10",
        (*LOOKING, "remote", "gpu", "fast", "no torch"),
        "remote,gpu,fast",
        (*_FLOORS, *_OTHER_FLOORS),
    ),
    Environment("torch, oldest", "3.10", TRAINING, pins=_FLOORS, torch="2.4.0"),
    Environment("torch 2.6, numpy 1.26", "3.12", TRAINING, pins=("numpy==1.26.*",), torch="2.6.0"),
    Environment("torch, newest", "3.13", TRAINING, torch="2.14.1"),
    Environment("torch", "3.11", TRAINING, "torch", ("torch==2.13.0",)),
    *(
        Environment(name, "3.11", ("help", "check", name), name, ("torch==2.13.0",))
        for name in FRAMEWORKS
    ),
    Environment(
        "all",
        "3.11",
        (*TRAINING, "tab", "report --html", "remote", "gpu", "fast", "completion"),
        "all",
        ("torch==2.13.0",),
    ),
)
