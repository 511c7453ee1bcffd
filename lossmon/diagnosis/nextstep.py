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
    # What to do comes first: a terminal of 80 columns shows two lines of a status.
    if facts.run.meta is None:
        return f"{UNNAMED}: of this log only scalars can be judged; lossmon run records more"
    probe = probed(facts)
    if probe is None:
        return (
            f"{UNNAMED}: try lossmon run --probe, or {PROBE_CALL}; whether the model can overfit "
            "one batch halves the causes that are left"
        )
    fitted, detail = probe
    # The probe takes learning rates of its own, and no penalties.
    where = (
        "look at the data, the learning rate and what regularises"
        if fitted
        else "look at the model and its loss before the data and the learning rate"
    )
    return f"{UNNAMED}: {where}; {tried(facts, detail).reads}"
