"""Synthetic runs for the cases of rules: a healthy run, changed in the one way a case is about.

They prove the arithmetic of a rule. That its claim is true of real trainings, demos prove.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon import signals
from lossmon.records import GroupInfo, ParameterInfo, Run, RunMeta, Series, Table
from lossmon.signals import Signal

Floats = NDArray[np.float64]

CLASSES = 10
PRIOR = math.log(CLASSES)
SHAPES: Mapping[str, tuple[int, ...]] = {
    "0.weight": (64, 32),
    "0.bias": (64,),
    "2.weight": (64, 64),
    "2.bias": (64,),
    "4.weight": (CLASSES, 64),
    "4.bias": (CLASSES,),
}


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
    groups: Sequence[GroupInfo] | None = None,
    group_of: Sequence[int] | None = None,
    requires_grad: Sequence[bool] | None = None,
    since: Sequence[int] | None = None,
    lr: ArrayLike = 1e-3,
    floor: float | None = None,
) -> Run:
    """Return a run in which every step was sampled; healthy, and learning, where nothing is said.

    Args:
        loss: One value a step; by default it falls.
        parameter: Signal -> values that broadcast to (steps, parameters).
        total: Run-level signal -> values that broadcast to (steps,).
        group_of: Param group of every parameter; -1 for none.
        since: Step at which every parameter took its place; 0 for all by default.
        lr: Learning rate, broadcast to (steps,).
    """
    losses = np.asarray(falling(steps) if loss is None else loss, float)
    infos = _infos(shapes, group_of, requires_grad)
    if since is not None:
        infos = tuple(replace(info, since=at) for info, at in zip(infos, since, strict=True))
    held = sum(info.group >= 0 for info in infos)
    meta = RunMeta(
        run_id="synthetic",
        start_id="synthetic-0",
        model="Sequential",
        parameters=infos,
        groups=tuple(groups) if groups is not None else (_adam(held),),
        parameter_signals=tuple(s.name for s in signals.PARAMETER_SIGNALS),
        run_signals=tuple(s.name for s in signals.RUN_SIGNALS),
        floor=floor,
    )
    at = np.arange(steps)
    series = {signals.LOSS: losses, signals.LR: np.broadcast_to(np.asarray(lr, float), steps)}
    return Run(
        name="synthetic",
        series={s.tag: Series(s.tag, at, _clock(at), np.array(v)) for s, v in series.items()},
        meta=meta,
        parameters=_table(signals.PARAMETER_SIGNALS, _healthy(steps, infos), parameter, len(infos)),
        totals=_table(signals.RUN_SIGNALS, _level(losses), _rows(total), 1),
    )


def scalars_only(losses: ArrayLike, *, tag: str = signals.LOSS.tag) -> Run:
    """Return a run as another tool logs it: a loss, and nothing else."""
    values = np.asarray(losses, float)
    at = np.arange(len(values))
    return Run("synthetic", series={tag: Series(tag, at, _clock(at), values)})


def _clock(steps: NDArray[np.int64]) -> Floats:
    """Return wall times: ten steps a second."""
    return np.asarray(steps * 0.1, np.float64)


def _adam(held: int) -> GroupInfo:
    return GroupInfo(name="", optimizer="Adam", lr=1e-3, held=held)


def _infos(
    shapes: Mapping[str, tuple[int, ...]],
    group_of: Sequence[int] | None,
    requires_grad: Sequence[bool] | None,
) -> tuple[ParameterInfo, ...]:
    return tuple(
        ParameterInfo(
            name=name,
            shape=shape,
            group=0 if group_of is None else group_of[i],
            requires_grad=True if requires_grad is None else requires_grad[i],
            depth=i // 2,
            kind="Linear",
            sampled=min(4096, int(np.prod(shape))),
        )
        for i, (name, shape) in enumerate(shapes.items())
    )


def _healthy(steps: int, infos: Sequence[ParameterInfo]) -> dict[Signal, Floats]:
    n = len(infos)
    rng = np.random.default_rng(1)
    gradient: Floats = np.exp(rng.normal(0, 0.2, (steps, n)))
    weight: Floats = np.full((steps, n), 10.0) + np.linspace(0.0, 0.5, steps)[:, None]
    update: Floats = 2e-3 * weight * np.exp(rng.normal(0, 0.1, (steps, n)))
    pairs = 0.03 + rng.normal(0, 0.1, (steps, n))
    pairs[0] = np.nan
    unique = np.full((steps, n), np.nan)
    early = [s for s in range(steps) if s & (s - 1) == 0]
    unique[np.ix_(early, [i for i, info in enumerate(infos) if len(info.shape) > 1])] = 1.0
    stale = np.zeros((steps, n))
    stale[0] = np.nan
    return {
        signals.GRAD_NORM: gradient,
        signals.WEIGHT_NORM: weight,
        signals.UPDATE_NORM: update,
        signals.GRAD_SAMPLED_NORM: gradient,
        signals.GRAD_DOT_PREV: pairs,
        signals.UPDATE_DOT_PREV: np.where(np.isnan(pairs), np.nan, 0.9 * (2e-3 * weight) ** 2),
        signals.GRAD_DOT_WEIGHT: rng.normal(0, 0.1, (steps, n)),
        signals.GRAD_ZERO_SHARE: np.zeros((steps, n)),
        signals.GRAD_NONFINITE: np.zeros((steps, n)),
        signals.WEIGHT_NONFINITE: np.zeros((steps, n)),
        signals.GRAD_ARRIVED: np.ones((steps, n)),
        signals.GRAD_STALE: stale,
        signals.UNIQUE_UNITS: unique,
        signals.MODULE_RAN: np.ones((steps, n)),
    }


def _level(losses: Floats) -> dict[Signal, Floats]:
    steps = len(losses)
    one = np.ones((steps, 1))
    return {
        signals.CRITERION_LOSS: losses[:, None],
        signals.PRIOR_LOSS: PRIOR * one,
        signals.PRIOR_COUNT: np.arange(64.0, 64.0 * steps + 1, 64.0)[:, None],
        signals.CLASS_COUNT: CLASSES * one,
        signals.PREDICTION_ENTROPY: np.clip(losses[:, None], 0, PRIOR),
        signals.PREDICTION_INFORMATION: np.clip(PRIOR - losses[:, None], 0, PRIOR),
        signals.BACKWARDS: one,
        signals.OPTIMIZER_STEPS: np.arange(1.0, steps + 1)[:, None],
        signals.TRAIN_MODE: one,
    }


def _rows(total: Mapping[Signal, ArrayLike] | None) -> dict[Signal, ArrayLike]:
    """Return run-level values as one column each."""
    given = {} if total is None else total
    return {signal: np.atleast_1d(np.asarray(v, float))[:, None] for signal, v in given.items()}


def _table(
    columns: Sequence[Signal],
    healthy: Mapping[Signal, Floats],
    changed: Mapping[Signal, ArrayLike] | None,
    rows: int,
) -> Table:
    steps = len(next(iter(healthy.values())))
    values = np.full((steps, rows, len(columns)), np.nan, np.float32)
    for signal, given in {**healthy, **(changed or {})}.items():
        values[:, :, columns.index(signal)] = np.broadcast_to(given, (steps, rows))
    at = np.arange(steps)
    return Table(tuple(s.name for s in columns), at, _clock(at), values)
