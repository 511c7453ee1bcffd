"""How well a batch is fitted: its loss between that of the best constant prediction and perfect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from lossmon.capture.criterion import CriterionMeter
from lossmon.capture.judged import BINARY, Judged, judged_by_module
from lossmon.capture.lossgraph import judged_in_graph
from lossmon.probes.twin import Twin

FITTED_SHARE = 0.05
"""Of the prior loss, or of the examples that may be wrong: TheDeepChecker (Ben Braiek and Khomh
2022) asks a model for an error of at most 5 % on one batch."""
NAN = float("nan")
_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class Level:
    """The loss of a batch, and what it is to be compared with."""

    loss: float
    """The criterion's own, without penalties; the whole loss where no criterion is known."""
    prior: float = NAN
    """Loss of the best constant prediction for this batch; NaN where that is not known."""
    perfect: float = 0.0
    """Loss of a perfect prediction: above 0 where targets are shares of classes."""
    right: float = NAN
    """Share of the examples that are classified rightly; NaN for other kinds."""

    def left(self, first: Level) -> float:
        """Return the share that is left of the prior loss; of the first where none is known."""
        has_prior = self.prior > self.perfect
        whole = (self.prior if has_prior else first.loss) - self.perfect
        return (self.loss - self.perfect) / whole if whole > 0 else 0.0

    def is_fitted(self, first: Level) -> bool:
        """Return whether next to nothing is left, or nearly every example is right.

        Smoothed labels keep the loss up then.
        """
        share = self.left(first)
        return share <= FITTED_SHARE or (self.right >= 1 - FITTED_SHARE and share <= 0.5)


def level_of(twin: Twin) -> Level:
    """Return the level of a twin's batch by one more pass."""
    seen: list[tuple[Any, Any, Any]] = []
    is_module = isinstance(twin.criterion, torch.nn.Module)
    handle = (
        twin.criterion.register_forward_hook(lambda *call: seen.append(call)) if is_module else None
    )
    loss = twin.loss()
    if handle is not None:
        handle.remove()
    judged = judged_by_module(*seen[0]) if len(seen) == 1 else None
    judged = judged or judged_in_graph(loss)
    with torch.no_grad():
        return Level(float(loss)) if judged is None else _level(judged, float(loss))


def _level(judged: Judged, whole: float) -> Level:
    own, prior = (float(value) for value in CriterionMeter().measure(judged)[:2])
    perfect = 0.0
    best = _perfect(judged)
    if best is not None:
        perfect = float(CriterionMeter().measure(best)[0])
    # A criterion with weights of its own is known by its value alone.
    return Level(own if own == own else whole, prior, perfect, _right(judged))


def _perfect(judged: Judged) -> Judged | None:
    """Return what the criterion would see of a perfect prediction; None where its loss is 0."""
    target = judged.target.detach()
    if judged.kind == "soft":
        return replace(judged, prediction=target.clamp_min(_TINY).log(), loss=None)
    if judged.kind in BINARY:
        share = target.float().clamp(1e-7, 1 - 1e-7)
        best = share if judged.kind == "bce" else share.logit()
        return replace(judged, prediction=best, loss=None)
    return None


def _right(judged: Judged) -> float:
    if judged.kind != "nll":
        return NAN
    counts = judged.target != judged.ignored
    predicted = judged.prediction.argmax(1 if judged.prediction.dim() > 1 else 0)
    return float((predicted == judged.target)[counts].float().mean())
