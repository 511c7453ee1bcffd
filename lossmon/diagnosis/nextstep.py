"""What to do about a run that gets nowhere and of which no rule names the cause.

A verdict without a next step leaves its reader alone. Whether the model can learn one batch by
heart halves what is left: Karpathy 2019, A Recipe for Training Neural Networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossmon.diagnosis.floor import PROBE_CALL, probed, tried

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

UNNAMED = "No rule names why"


def next_step(facts: Facts) -> str:
    """Return the sentence that follows the status of such a run, without a full stop."""
    if facts.run.meta is None:
        return (
            f"{UNNAMED}: the log holds losses alone. Gradients and weights, which lossmon run "
            "or lossmon.watch records, tell more"
        )
    probe = probed(facts)
    if probe is None:
        return (
            f"{UNNAMED}; whether the model can overfit one batch halves the causes that are "
            f"left: {PROBE_CALL}, or lossmon run --probe"
        )
    fitted, detail = probe
    where = (
        "model, loss and optimizer work together, so look at the data"
        if fitted
        else "look at the model, its loss and its optimizer before the data"
    )
    return f"{UNNAMED}; {tried(facts, detail).reads}: {where}"
