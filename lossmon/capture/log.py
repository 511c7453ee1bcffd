"""The recorder's way to the files: opens them with the first step, and never raises.

While it is not clear yet which run this is (`waits`), nothing is opened: marks are kept back, and
the recorder keeps its steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lossmon.capture.boards import Floats, blank
from lossmon.capture.groups import Holders, held_count, lr_numbers, named_rates
from lossmon.capture.guard import Guard
from lossmon.capture.hyperparameters import OptionWatch
from lossmon.capture.renewal import changed_names
from lossmon.capture.samples import Sample
from lossmon.capture.scalars import Line, ScalarLog
from lossmon.capture.start import Start
from lossmon.capture.transfer import Transfer
from lossmon.eventfile.writer import RunWriter
from lossmon.records import LayerInfo, Mark, RunMeta
from lossmon.signals import HYPERPARAMETERS, LR, group_tag

MAX_NAMED = 8
"""Parameters that a mark names."""


def named(names: Sequence[str]) -> dict[str, Any]:
    """Return what a mark about parameters carries."""
    return {"count": len(names), "names": list(names[:MAX_NAMED])}


class RunLog:
    """The files of one start."""

    def __init__(self, start: Start, holders: Holders, transfer: Transfer) -> None:
        """`holders` is the recorder's own: it may grow until the first step and after."""
        self.guard = Guard(self.note_off)
        self.start = start
        self.waits = False
        self._marks: list[Mark] = []
        self._holders = holders
        self._transfer = transfer
        self._writer: RunWriter | None = None
        self._scalars: ScalarLog | None = None
        self._held = 0
        self.validates = False
        """Whether the script has a validation loss of its own."""
        self._options = OptionWatch()
        self._names: tuple[str, ...] = ()
        self._layers: tuple[LayerInfo, ...] = ()
        self._no_layers = blank(0)
        self._is_sharded = False
        """Whether a rank knows only its part of some norms: then the reader adds them up."""

    @property
    def opened(self) -> bool:
        """Whether anything has been written."""
        return self._writer is not None

    def open(self) -> None:
        """Open the files now, so that no other run takes the place."""
        self._files()

    def learning_rates(self, step: int, look: bool) -> dict[str, float]:
        """Return the lr scalars of this instant.

        `look` for param groups that were added, and for other options that have changed.
        """
        writer, _ = self._files()
        optimizers = self._holders.living()
        if look and held_count(optimizers) != self._held:
            writer.new_meta(self._meta())
        rates = named_rates(lr_numbers(optimizers), self._names)
        if look:
            changed, others = self._options.look(optimizers, self._names)
            rates.update(changed)
            for other in others:
                self.mark(step, HYPERPARAMETERS, other)
        return rates

    def quiet_ways(self) -> tuple[Callable[..., None], list[str]] | None:
        """Return what writes scalars at once, and the lr tags of the groups as they are now.

        None where lines wait for losses from a device.
        """
        writer, scalars = self._files()
        tags = [group_tag(LR, name) for name in self._names] if len(self._names) > 1 else [LR.tag]
        return None if scalars.waits else (writer.plain, tags)

    def is_known(self, held: int) -> bool:
        """Return whether optimizers that hold so many parameters are as they were when read last.

        False as well where somebody has failed, or a rank knows only its part.
        """
        known = held == self._held and self._options.is_known(self._holders.living())
        return known and not self._is_sharded and not self.guard.has_failed

    def table(self, step: int, wall_time: float, parameters: Floats, totals: Floats) -> None:
        """Write the wide record of a step at once; it says nothing of layers."""
        self._files()[0].wide(step, wall_time, parameters, self._no_layers, totals)

    def name_rates(self, rates: Mapping[int, list[float | None]]) -> dict[str, float]:
        """Return lr numbers of the past, one list for each id() of an optimizer, as scalars."""
        self._files()
        held = [rates.get(id(optimizer), []) for optimizer in self._holders.living()]
        return named_rates([rate for numbers in held for rate in numbers], self._names)

    def renew(self, start: Start, step: int) -> None:
        """Begin new tables with the rows of `start`; what is on its way goes into the old ones."""
        self._transfer.drain()
        names = changed_names(self.start.rows, start.rows)
        self.start = start
        if self._writer is not None:
            self._writer.new_meta(self._meta())
        if names:
            self.mark(step, "parameters", named(names))

    def put(self, line: Line) -> None:
        """Write a line."""
        line.is_put = True
        self.guard.run("loss", self._files()[1].put, line)

    def sample(self, sample: Sample, line: Line | None) -> None:
        """Write a wide record once it is complete; its totals go into `line` until that is put."""
        writer = self._files()[0]

        def done(sample: Sample) -> None:
            if sample.is_refused:
                writer.leave_out(1, "the device is behind by more samples than may be under way")
                return
            sample.finish()
            values = {} if self._is_sharded else sample.scalars()
            if line is not None and not line.is_put:
                line.values.update(values)
            elif values:
                writer.scalars(sample.step, sample.wall_time, values)
            layers = self._layer_table(sample)
            writer.wide(sample.step, sample.wall_time, sample.parameters, layers, sample.totals)

        sample.when_done(done)

    def name_layers(self, infos: tuple[LayerInfo, ...]) -> None:
        """Name the rows of the layer tables from now on."""
        self._layers, self._no_layers = infos, blank(len(infos))
        if self._writer is not None:
            self._writer.new_meta(self._meta())

    def mark(self, step: int, kind: str, detail: Mapping[str, Any] | None = None) -> None:
        """Write that something happened."""
        mark = Mark(step, time.time(), kind, dict(detail or {}))
        if self.waits:
            self._marks.append(mark)
        else:
            self._files()[0].mark(mark)

    def close(self, step: int, error: str | None) -> None:
        """Fetch what is on its way, say how the run ended, close the files."""
        # Twice: as long as the ring is full no loss can be asked for.
        self.guard.run("updates", self._transfer.drain)
        self.guard.run("loss", self._files()[1].fetch)
        self.guard.run("updates", self._transfer.drain)
        self.mark(step, "exception" if error else "closed", {"error": error} if error else None)
        self._files()[0].close()

    def release(self) -> None:
        """Write what the files still wait for, and close them. Idempotent."""
        if self._writer is not None:
            self._writer.close()

    def _files(self) -> tuple[RunWriter, ScalarLog]:
        if self._writer is None or self._scalars is None:
            self._writer = RunWriter(self.start.logdir, self._meta())
            self._scalars = ScalarLog(self._writer, self._transfer)
            if self.start.step:
                self.mark(self.start.step, "resumed", self.start.job)
            for mark in self._marks:
                self._writer.mark(mark)
        return self._writer, self._scalars

    def _meta(self) -> RunMeta:
        optimizers = self._holders.living()
        meta = replace(self.start.meta(optimizers), layers=self._layers)
        self._held = held_count(optimizers)
        self._is_sharded = any(parameter.shards > 1 for parameter in meta.parameters)
        self._names = tuple(group.name for group in meta.groups)
        return meta

    def _layer_table(self, sample: Sample) -> Floats:
        """Return the sample's; NaN where it has none, or one of the rows of another run."""
        found = sample.layers
        fits = found is not None and len(found) == len(self._layers)
        return found if found is not None and fits else self._no_layers

    def note_off(self, collector: str, error: str) -> None:
        """Write that a collector was switched off."""
        detail = {"collector": collector, "error": error}
        self.mark(self.start.step, "collector-off", detail)
