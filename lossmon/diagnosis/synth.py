"""Synthetic runs for the cases of rules: a healthy run, changed in the one way a case is about.

They prove the arithmetic of a rule. That its claim is true of real trainings, demos prove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon import layersignals, signals
from lossmon.diagnosis.synthtables import (
    CLASSES,
    LAYERS,
    MARKS,
    clock,
    layer_table,
    parameter_table,
    run_table,
)
from lossmon.diagnosis.synthtables import PRIOR as PRIOR
from lossmon.records import GroupInfo, LayerInfo, Mark, ParameterInfo, Run, RunMeta, Series
from lossmon.signals import Signal

Floats = NDArray[np.float64]

SHAPES: Mapping[str, tuple[int, ...]] = {
    "0.weight": (64, 32),
    "0.bias": (64,),
    "2.weight": (64, 64),
    "2.bias": (64,),
    "4.weight": (CLASSES, 64),
    "4.bias": (CLASSES,),
}

FIRST_NORMS = np.array([(64 / 3) ** 0.5, 0.7, (64 / 3) ** 0.5, 0.5, (CLASSES / 3) ** 0.5, 0.3])
"""Norms of its parameters as PyTorch initialises them."""


def falling(steps: int, *, start: float = PRIOR, end: float = 0.3, seed: int = 0) -> Floats:
    """Return a noisy loss that falls exponentially from `start` towards `end`."""
    noise = np.random.default_rng(seed).normal(0, 0.02, steps)
    return end + (start - end) * np.exp(-2.5 * np.arange(steps) / steps) + noise


def flat(steps: int, *, at: float = PRIOR, noise: float = 0.02, seed: int = 0) -> Floats:
    """Return a noisy loss that does not move."""
    return at + np.random.default_rng(seed).normal(0, noise, steps)


def run(
    steps: int = 300,
    *,
    loss: ArrayLike | None = None,
    shapes: Mapping[str, tuple[int, ...]] = SHAPES,
    parameter: Mapping[Signal, ArrayLike] | None = None,
    total: Mapping[Signal, ArrayLike] | None = None,
    layers: Sequence[LayerInfo] = LAYERS,
    layer: Mapping[Signal, ArrayLike] | None = None,
    scalar: Mapping[Signal, ArrayLike] | None = None,
    marks: Sequence[Mark] = (),
    groups: Sequence[GroupInfo] | None = None,
    group_of: Sequence[int] | None = None,
    requires_grad: Sequence[bool] | None = None,
    since: Sequence[int] | None = None,
    lr: ArrayLike = 1e-3,
    floor: float | None = None,
    dtype: str = "float32",
) -> Run:
    """Return a run in which every step was sampled; healthy, and learning, where nothing is said.

    Args:
        loss: One value a step; by default it falls.
        parameter: Signal -> values that broadcast to (steps, parameters).
        total: Run-level signal -> values that broadcast to (steps,).
        layers: The layers; by default those that go with `shapes`' default.
        layer: Layer signal -> values that broadcast to (steps, layers).
        scalar: Scalar signal -> values that broadcast to (steps,); NaN where not recorded.
        marks: After those that say what criterion and model are given: a later one counts.
        group_of: Param group of every parameter; -1 for none.
        since: Step at which every parameter took its place; 0 for all by default.
        lr: Learning rate, broadcast to (steps,).
        dtype: Of every parameter.
    """
    losses = np.asarray(falling(steps) if loss is None else loss, float)
    infos = _infos(shapes, group_of, requires_grad, since, dtype)
    if groups is None:
        groups = (_adam(sum(info.group >= 0 for info in infos)),)
    return Run(
        name="synthetic",
        series={s.tag: s for s in _series(steps, {signals.LR: lr, **(scalar or {})}, losses)},
        meta=_meta(infos, tuple(layers), tuple(groups), floor),
        parameters=parameter_table(steps, infos, parameter),
        layers=layer_table(steps, len(layers), layer),
        totals=run_table(losses, total),
        marks=(*MARKS, *marks),
    )


def scalars_only(losses: ArrayLike, *, tag: str = signals.LOSS.tag) -> Run:
    """Return a run as another tool logs it: a loss, and nothing else."""
    values = np.asarray(losses, float)
    at = np.arange(len(values))
    return Run("synthetic", series={tag: Series(tag, at, clock(at), values)})


def criterion(**changed: Any) -> Mark:
    """Return the mark of a cross-entropy of logits, changed in what is given."""
    return mark_of_criterion({**MARKS[0].detail, **changed})


def mark_of_criterion(detail: Mapping[str, Any]) -> Mark:
    """Return the mark of a criterion of which `detail` is all that was noted."""
    return replace(MARKS[0], detail=detail)


def probe(fitted: bool) -> tuple[Mark, ...]:
    """Return the mark of a probe that could, or could not, overfit one batch."""
    detail = {
        "probe": "overfit-batch",
        "fitted": fitted,
        "first_loss": 1.4,
        "last_loss": 0.01 if fitted else 1.3,
        "prior_loss": PRIOR,
        "steps": 500,
    }
    return (Mark(280, 28.0, signals.PROBE, detail),)


def _series(steps: int, given: Mapping[Signal, ArrayLike], losses: Floats) -> list[Series]:
    at = np.arange(steps)
    found = [Series(signals.LOSS.tag, at, clock(at), losses)]
    for signal, values in given.items():
        whole = np.broadcast_to(np.asarray(values, float), steps)
        known = at[~np.isnan(whole)]
        found.append(Series(signal.tag, known, clock(known), whole[known]))
    return found


def _meta(
    infos: tuple[ParameterInfo, ...],
    layers: tuple[LayerInfo, ...],
    groups: tuple[GroupInfo, ...],
    floor: float | None,
) -> RunMeta:
    return RunMeta(
        run_id="synthetic",
        start_id="synthetic-0",
        model="Sequential",
        parameters=infos,
        layers=layers,
        groups=groups,
        parameter_signals=tuple(s.name for s in signals.PARAMETER_SIGNALS),
        layer_signals=tuple(s.name for s in layersignals.LAYER_SIGNALS),
        run_signals=tuple(s.name for s in signals.RUN_SIGNALS),
        floor=floor,
    )


def _adam(held: int) -> GroupInfo:
    return GroupInfo(name="", optimizer="Adam", lr=1e-3, held=held)


def _infos(
    shapes: Mapping[str, tuple[int, ...]],
    group_of: Sequence[int] | None,
    requires_grad: Sequence[bool] | None,
    since: Sequence[int] | None,
    dtype: str,
) -> tuple[ParameterInfo, ...]:
    return tuple(
        ParameterInfo(
            name=name,
            shape=shape,
            dtype=dtype,
            group=0 if group_of is None else group_of[i],
            requires_grad=True if requires_grad is None else requires_grad[i],
            depth=i // 2,
            kind="Linear",
            sampled=min(4096, int(np.prod(shape))),
            since=0 if since is None else since[i],
        )
        for i, (name, shape) in enumerate(shapes.items())
    )
