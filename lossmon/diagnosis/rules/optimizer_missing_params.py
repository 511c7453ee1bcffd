"""Some trained parameters are in no optimizer.

Sees
    Which parameters require a gradient and get one, and which are in a param group. Exact, also for
    parameters that are replaced, or come, while the run trains.

Why the loss stalls
    The parameters that no optimizer holds stay as they were initialised. The rest of the model has
    to make do with them, and the loss ends higher than it could, or does not move at all.

Fix
    Hand all of model.parameters() to the optimizer; register layers so that it lists them.

Not to be confused with
    frozen-params: there requires_grad is False, on purpose or not.
    optimizer-wrong-params: there none of the model's parameters is held.

Sources
    PyTorch documentation, torch.nn.ModuleList: layers in a plain list are not registered.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold
from lossmon.numfmt import plural
from lossmon.records import GroupInfo
from lossmon.signals import GRAD_ARRIVED, UPDATE_NORM, WEIGHT_NORM

MISSING = Threshold(0, "parameters", "by definition")


def check(facts: Facts) -> Outcome:
    """Fire where some of the parameters that get gradients are held, and others never move."""
    arriving = facts.trainable & (facts.arrived > 0)
    missing = arriving & ~facts.held & ~facts.moves
    if not missing.any() or not (arriving & facts.held).any():
        return CLEAR
    came = int(facts.since[missing].min())
    first, last = facts.seen_since(came), int(facts.sampled_steps[-1])
    n = int(missing.sum())
    of = int(arriving.sum())
    reads = (
        f"{n} of the {plural(of, 'parameter')} that get{'s' * (of == 1)} gradients "
        f"{'is' if n == 1 else 'are'} in no param group{facts.arrival(came, 'they')}"
    )
    evidence = Evidence(
        "missing_parameters", first, last, float(n), MISSING.value, reads, MISSING.source
    )
    return Found("warning", first, (evidence,), facts.names(missing))


def _still(names: tuple[str, ...]) -> np.ndarray:
    return np.array([0.0 if name in names else 0.02 for name in synth.SHAPES])


_LATE = np.arange(300)[:, None] >= 100
_HEAD = np.arange(len(synth.SHAPES)) >= 4
_HEAD_ONLY = {
    "group_of": (-1, -1, -1, -1, 0, 0),
    "parameter": {UPDATE_NORM: _still(tuple(synth.SHAPES)[:4]), WEIGHT_NORM: 10.0},
}

RULE = Rule(
    id="optimizer-missing-params",
    claim="Some trained parameters are in no optimizer.",
    stage="wiring",
    needs=(GRAD_ARRIVED, UPDATE_NORM),
    min_steps=2,
    check=check,
    thresholds={"missing": MISSING},
    explains=("no-signal", "vanishing-gradient", "zero-init", "constant-init"),
    while_improving="keep",
    fixes=(
        "Pass model.parameters() of the whole model to the optimizer.",
        "Keep layers in nn.ModuleList or nn.ModuleDict, not in a Python list or dict.",
        "Add later layers with optimizer.add_param_group, or build the optimizer after them.",
        "Set requires_grad_(False) on what is to stay as it is: that saves its gradients too.",
    ),
    confusables={
        "frozen-params": "there requires_grad is False",
        "optimizer-wrong-params": "there the optimizer holds none of the model's parameters",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "only the head is in the optimizer",
            lambda: synth.run(**_HEAD_ONLY),  # type: ignore[arg-type]  # one dict of mixed values
            culprits=tuple(synth.SHAPES)[:4],
        ),
        Case(
            "the head was replaced while the run trained",
            lambda: synth.run(
                groups=(GroupInfo("", "Adam", 1e-3, foreign=2, held=6),),
                group_of=(0, 0, 0, 0, -1, -1),
                since=(0, 0, 0, 0, 100, 100),
                parameter={
                    UPDATE_NORM: np.where(_HEAD & _LATE, 0.0, 0.02),
                    WEIGHT_NORM: np.where(_HEAD & _LATE, 8.0, 10 + np.arange(300)[:, None] / 300),
                },
            ),
            culprits=("4.weight", "4.bias"),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a frozen trunk",
            lambda: synth.run(
                **_HEAD_ONLY,  # type: ignore[arg-type]  # one dict of mixed values
                requires_grad=(False, False, False, False, True, True),
            ),
        ),
    ),
)
