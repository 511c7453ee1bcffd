"""What can be drawn below the loss."""

from __future__ import annotations

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.tui.strips import strips_of


def test_what_the_machine_gives_can_be_drawn_below_the_loss() -> None:
    taken = (
        signals.STEP_MS,
        signals.DATA_MS,
        signals.GPU_UTILISATION,
        signals.GPU_POWER_W,
        signals.GPU_TEMPERATURE_C,
        signals.MEMORY_MB,
        signals.HOST_MEMORY_MB,
    )
    run = synth.run(scalar=dict.fromkeys(taken, 1.0))
    titles = [strip.title for strip in strips_of(run)]
    assert set(titles) >= {signal.label for signal in taken}
    assert titles[0] == signals.LR.label
