"""Gradient, weight and update signals of one optimizer step, per parameter.

The gradient norm is exact; everything else comes from at most 4,096 strided elements a tensor, so
that no copy of the weights is ever held. Nothing here waits for a device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lossmon.capture.segments import Flat, Segments
from lossmon.capture.sharding import local

COLUMNS = (
    "grad_norm",
    "weight_norm",
    "update_norm",
    "grad_sampled_norm",
    "grad_dot_prev",
    "update_dot_prev",
    "grad_dot_weight",
    "grad_zero_share",
    "grad_nonfinite",
    "weight_nonfinite",
    "unmoved_share",
    "grad_dot_sign",
)
"""Order of the columns in the vector of one step; norms still squared but for the first."""

SQUARED = ("weight_norm", "update_norm", "grad_sampled_norm")
SCALED = (*SQUARED, "grad_dot_prev", "update_dot_prev", "grad_dot_weight", "grad_dot_sign")
"""Sums over sampled elements that stand for the whole tensor: times numel / sampled."""

HALVES = (torch.float16, torch.bfloat16)
"""Types whose precision usual updates can fall below."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Gradient and update of an optimizer's last sampled step, for the inner products."""

    own_step: int
    gradient: Flat
    update: Flat


class StepMeter:
    """Measures steps for the rows of one device."""

    def __init__(
        self, tensors: Sequence[Tensor], *, numpy: bool | None = None, norms_only: bool = False
    ) -> None:
        """`norms_only`: of gradient, weight and update; all other columns are NaN."""
        self._norms_only = norms_only
        self._segments = Segments(tensors, numpy=numpy)
        halves = [tensor.dtype in HALVES for tensor in tensors]
        self._has_halves = any(halves)
        self._halves: Flat = self._segments.flags(halves) if self._has_halves else None
        self._weights: Flat = None
        self._views: list[Tensor] = []
        self._places: list[int] = []
        self._gradient: Flat = None
        self._norms: Flat = None
        self._last: dict[int, Motion] = {}

    def before(self, tensors: Sequence[Tensor | None]) -> None:
        """Note the weights before a step."""
        self._views = self._segments.parts(tensors)
        self._places = _places(tensors)
        self._weights = self._segments.gather(self._views)
        self._gradient = self._norms = None

    def go_back(self, weights: Flat, norms: Flat) -> None:
        """Take weights and norms of gradients that somebody else noted before the step."""
        self._weights, self._norms = weights, norms

    def gradients(self, grads: Sequence[Tensor | None], *, scale: Tensor | None = None) -> None:
        """Note the gradients that the step uses; `scale` is divided out (fused GradScaler)."""
        whole = [dense(g) for g in grads]
        present = [i for i, g in enumerate(whole) if g is not None]
        norms = exact_norms([g for g in whole if g is not None])
        if scale is not None:
            norms = [n / scale for n in norms]
        self._norms = self._segments.column(norms, present)
        if self._norms_only:
            return
        strided = [None if g is None or g.is_sparse else g for g in grads]
        self._gradient = self._segments.gather(self._segments.parts(strided))
        if scale is not None:
            factor = scale.numpy() if self._segments.on_cpu else scale
            self._gradient = self._gradient / factor

    def after(
        self, tensors: Sequence[Tensor | None], *, lane: int, own_step: int, signs: bool = True
    ) -> Tensor:
        """Return the step's columns in one vector.

        `lane` tells optimizers that take turns apart; `own_step` counts the steps of this one.
        `signs`: whether gradients are held against the signs of the weights.
        """
        w, g = self._weights, self._gradient
        if _places(tensors) != self._places:
            self._views = self._segments.parts(tensors)
        update = self._segments.gather(self._views) - w
        # Views kept longer would keep the model's memory.
        self._views = []
        if self._norms_only:
            return self._join_norms(update)
        paired = self._pair(lane, Motion(own_step, g, update))
        total, unknown = self._segments.sums, self._segments.unknown()
        # Overflow and NaN are what is looked for; numpy need not say so on stderr.
        with np.errstate(all="ignore"):
            weights, gradients = total(w * w), total(g * g)
            columns = [
                self._norms,
                weights,
                total(update * update),
                gradients,
                total(g * paired.gradient) if paired else unknown,
                total(update * paired.update) if paired else unknown,
                total(g * w),
                total(g == 0),
                self._not_finite(g, gradients),
                self._not_finite(w, weights),
                self._unmoved(update, g),
                total(g * self._segments.signs(w)) if signs else unknown,
            ]
        return self._segments.join(columns)

    def _pair(self, lane: int, motion: Motion) -> Motion | None:
        """Return the motion of the step before; None where that was not sampled."""
        last = self._last.get(lane)
        self._last[lane] = motion
        is_next = last is not None and last.own_step == motion.own_step - 1
        return last if is_next else None

    def _join_norms(self, update: Flat) -> Tensor:
        total, unknown = self._segments.sums, self._segments.unknown()
        with np.errstate(all="ignore"):
            norms = [self._norms, total(self._weights * self._weights), total(update * update)]
        return self._segments.join([*norms, *[unknown] * (len(COLUMNS) - len(norms))])

    def _unmoved(self, update: Flat, gradient: Flat) -> Flat:
        """Return the share of each row's pushed elements that did not move, of 16-bit ones."""
        if not self._has_halves:
            return self._segments.unknown()
        pushed, total = gradient != 0, self._segments.sums
        return total((update == 0) & pushed) / total(pushed) * self._halves

    def _not_finite(self, flat: Flat, squares: Flat) -> Flat:
        """Return how many elements of each row are NaN or infinite."""
        if self._segments.on_cpu and np.isfinite(squares).all():
            # A finite sum of squares has finite terms: most often there is nothing to count.
            return self._segments.none()
        return self._segments.sums((flat - flat) != 0)


def _places(tensors: Sequence[Tensor | None]) -> list[int]:
    # A sharded tensor has no place of its own.
    return [0 if t is None else t.data_ptr() or local(t).data_ptr() for t in tensors]


def dense(gradient: Tensor | None) -> Tensor | None:
    """Return what a norm can be taken of: a sparse gradient's stored values, the local shard."""
    if gradient is None:
        return None
    gradient = gradient.detach()
    if gradient.is_sparse:
        return gradient.coalesce().values()
    return local(gradient)


def exact_norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the L2 norm of every tensor, zero-dimensional; half precision is summed in float32."""
    if not tensors:
        return []
    dtypes = {t.dtype for t in tensors}
    half = dtypes & set(HALVES)
    if len(dtypes) > 1:
        return [torch.linalg.vector_norm(t.float() if half else t).float() for t in tensors]
    if half:
        return list(torch._foreach_norm(list(tensors), 2, torch.float32))
    return list(torch._foreach_norm(list(tensors), 2))
