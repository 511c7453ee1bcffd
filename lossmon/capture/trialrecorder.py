"""A recorder of a training that may turn out to be a part of another one, or to contain one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lossmon.capture.cycle import Cycle
from lossmon.capture.recorder import Recorder
from lossmon.capture.start import Start


class TrialRecorder(Recorder):
    """Can keep its steps back until it is known which run they belong to."""

    def keep(self) -> None:
        """Put the run on trial: keep its steps back, write nothing, until `settle` or `abandon`."""
        self.kept = []
        self.log.waits = True

    def settle(self, start: Start) -> None:
        """Write what was kept back as the run `start`, which has the same rows, and go on."""
        kept, self.kept = self.kept or [], None
        self.start = self.log.start = start
        self.log.waits = False
        for cycle in kept:
            self._write(cycle)

    def begin_with(self, kept: Iterable[Cycle], rows: Sequence[int]) -> None:
        """Take over steps that another recorder kept back; `rows` are its places of our rows."""
        for cycle in kept:
            cycle.line.step = self.step
            if cycle.sample is not None:
                cycle.sample.step, cycle.sample.chosen = self.step, list(rows)
            self._write(cycle)
            self.step += 1
            self._steps_taken += 1
        self._sampling = self._schedule.samples(self.step)

    def abandon(self) -> None:
        """End without a log: others have taken over what was kept back."""
        self._sampler.remove()
        self._closed = True
