"""The optimizer holds another model's parameters.

Sees
    Which parameters get gradients, which ones the param groups hold, and whether anything moves.
    Exact: decided by identity of the tensors, at the first step and whenever others take their
    places.

Why the loss stalls
    The optimizer updates tensors that the loss does not depend on. The model that is trained stays
    as it was when it took its place, whatever the learning rate.

Fix
    Build the optimizer from the model that is trained, after it has been wrapped or moved, and
    again where its parameters are replaced.

Not to be confused with
    zero-grad-before-step: there the tensors match, and the gradients are gone before the step.
    optimizer-missing-params: there some of the parameters are held.

Sources
    PyTorch documentation, torch.optim, "Constructing it": the optimizer takes the parameters it is
    to update, by identity.
"""

from __future__ import annotations

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold
from lossmon.numfmt import plural
from lossmon.records import GroupInfo
from lossmon.signals import GRAD_ARRIVED, UPDATE_NORM

HELD = Threshold(0, "parameters", "by definition")


def check(facts: Facts) -> Outcome:
    """Fire where gradients arrive and no optimizer that steps holds what they arrive at."""
    arriving = facts.trainable & (facts.arrived > 0)
    foreign = sum(group.foreign for group in facts.groups)
    if not arriving.any() or not foreign or (facts.held & arriving).any():
        return CLEAR
    if (facts.moves & arriving).any():
        return CLEAR
    optimizers = ", ".join(dict.fromkeys(group.optimizer for group in facts.groups))
    came = int(facts.since[arriving].max())
    first, last = facts.seen_since(came), int(facts.sampled_steps[-1])
    n = int(arriving.sum())
    evidence = (
        Evidence(
            "held_parameters",
            first,
            last,
            0.0,
            HELD.value,
            f"{optimizers} holds 0 of the {plural(n, 'parameter')} that get{'s' * (n == 1)} "
            f"gradients, and {plural(foreign, 'other')}"
            f"{facts.arrival(came, 'those that get them')}",
            HELD.source,
        ),
        Evidence(
            UPDATE_NORM.name,
            first,
            last,
            0.0,
            0.0,
            "no parameter of the model changed",
            HELD.source,
        ),
    )
    return Found("error", first, evidence, facts.names(arriving))


_LATE = np.arange(300)[:, None] >= 100
_FOREIGN = (GroupInfo(name="", optimizer="Adam", lr=1e-3, foreign=6, held=6),)

RULE = Rule(
    id="optimizer-wrong-params",
    claim="The optimizer holds another model's parameters.",
    stage="wiring",
    needs=(GRAD_ARRIVED, UPDATE_NORM),
    min_steps=2,
    check=check,
    thresholds={"held": HELD},
    explains=(
        "missing-zero-grad",
        "lr-too-low",
        "no-signal",
        "vanishing-gradient",
        "zero-init",
        "constant-init",
    ),
    while_improving="keep",
    fixes=(
        "Build the optimizer from the model you train: torch.optim.Adam(model.parameters(), ...).",
        "Make one model and one optimizer per training; do not pass a fresh model to an old one.",
        "Build the optimizer after .to(), wrapping, or replacing layers, not before.",
        "Load weights into the model: load_state_dict() without assign=True keeps its parameters.",
    ),
    confusables={
        "zero-grad-before-step": "there the optimizer holds the right tensors, without gradients",
        "optimizer-missing-params": "there the optimizer holds some of the parameters",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "the optimizer was built for another model",
            lambda: synth.run(
                loss=synth.flat(300),
                groups=_FOREIGN,
                group_of=(-1,) * 6,
                parameter={UPDATE_NORM: 0.0, signals.WEIGHT_NORM: 10.0},
            ),
            culprits=tuple(synth.SHAPES),
        ),
        Case(
            "all parameters were replaced while the run trained, by ones that nobody holds",
            lambda: synth.run(
                loss=synth.flat(300),
                groups=_FOREIGN,
                group_of=(-1,) * 6,
                since=(100,) * 6,
                parameter={
                    UPDATE_NORM: np.where(_LATE, 0.0, 0.02),
                    signals.WEIGHT_NORM: np.where(_LATE, 12.0, 10 + np.arange(300)[:, None] / 300),
                },
            ),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "parameters that were replaced, and are held",
            lambda: synth.run(since=(100,) * 6),
        ),
        Case(
            "parameters that are moved by hand",
            lambda: synth.run(groups=_FOREIGN, group_of=(-1,) * 6, parameter={UPDATE_NORM: 0.0}),
        ),
    ),
)
