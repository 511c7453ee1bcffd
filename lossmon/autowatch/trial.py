"""Which optimizers belong to one training, where a loss reaches the parameters of several.

Those that step after the same backward pass do: the body and the head of a model. Those that never
do are trainings of their own: a generator and its discriminator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch.optim import Optimizer

from lossmon.capture.cycle import Cycle
from lossmon.capture.trialrecorder import TrialRecorder

MAX_STEPS = 16
"""Steps after which optimizers that were not seen to step count as one training with the others."""
MAX_LOOKS = 32
"""Backward passes, with steps or without, after which a trial ends."""


@dataclass(frozen=True, slots=True)
class Part:
    """Optimizers that step together, and the steps that they have made so far."""

    optimizers: Sequence[Optimizer]
    cycles: Sequence[Cycle]


class Trial:
    """A recorder that keeps its steps back until it is clear whose they are."""

    def __init__(self, recorder: TrialRecorder, behind: Mapping[int, int]) -> None:
        """`behind`: per id() of an optimizer the steps that its state remembers."""
        self.recorder = recorder
        self._behind = behind
        self._looks = 0

    def behind(self, optimizers: Sequence[Optimizer]) -> int:
        """Return how many steps the optimizers had made before the trial."""
        return max((self._behind.get(id(o), 0) for o in optimizers), default=0)

    def is_over(self) -> bool:
        """Return whether enough was seen; asked before every backward pass."""
        self._looks += 1
        if self.recorder.pending and self._looks < MAX_LOOKS:
            return False
        self.recorder.end_cycle()
        kept = self.recorder.kept or []
        groups = _united(kept)
        seen = set().union(*groups)
        all_seen = all(id(o) in seen for o in self.recorder.holders.living())
        return all_seen or len(groups) > 1 or len(kept) >= MAX_STEPS or self._looks >= MAX_LOOKS

    def parts(self) -> list[Part]:
        """Return the optimizers that step together, in order of their first step."""
        living = self.recorder.holders.living()
        kept = self.recorder.kept or []
        return [
            Part(
                [o for o in living if id(o) in group],
                [cycle for cycle in kept if cycle.stepped <= group],
            )
            for group in _united(kept)
        ]


def _united(cycles: Sequence[Cycle]) -> list[set[int]]:
    """Return the sets of optimizers that are linked by steps they made together."""
    groups: list[set[int]] = []
    for cycle in cycles:
        linked = [group for group in groups if group & cycle.stepped]
        joined = set(cycle.stepped).union(*linked)
        at = groups.index(linked[0]) if linked else len(groups)
        groups = [group for group in groups if group not in linked]
        groups.insert(at, joined)
    return groups
