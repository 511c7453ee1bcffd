"""What the forward of a step was given, on its way into the step's record and scalars."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lossmon.batchsignals import BATCH_SIZE, INPUT_PRINT, INPUT_SIGNALS
from lossmon.capture.fingerprint import Fingerprints
from lossmon.capture.guard import Guard
from lossmon.capture.inputs import InputMeter, main_input, tensors_among
from lossmon.capture.rhythm import Rhythm
from lossmon.capture.rootcalls import RootCalls
from lossmon.signals import DATA_MS, EXAMPLES_PER_S, INPUTS

LONG_STEP_S = 0.005
"""A forward of a step this long is always waited for: that costs 5 us, of a small model 2 %."""
Put = Callable[[tuple[str, ...], Tensor], None]
Note = Callable[[str, Mapping[str, Any]], None]


class BatchMeter:
    """Looks at the arguments of one forward a step."""

    def __init__(
        self,
        modules: Iterable[nn.Module],
        rhythm: Rhythm,
        prints: Fingerprints,
        guard: Guard,
        put: Put,
        note: Note,
    ) -> None:
        """`put` takes values for columns of the record under way, `note` facts for the log."""
        self._calls = RootCalls(modules, self._see, guard)
        self._rhythm = rhythm
        self._prints = prints
        self._guard = guard
        self._put = put
        self._note = note
        self._inputs = InputMeter()
        self._sampled = False
        self._size = 0
        self._spent_s = 0.0

    def expect(self, *, sampled: bool, step_s: float, now: float) -> None:
        """Wait for the forward of the next step where it is worth it."""
        self._sampled = sampled
        wanted = sampled and (self._rhythm.prints or self._rhythm.close)
        if wanted or step_s > LONG_STEP_S:
            self._calls.arm(now)
        else:
            self._calls.disarm()

    def pace(self, step_s: float, passes: int) -> dict[str, float]:
        """Return the scalars about the forward of the step just made; none where it was not seen.

        `passes`: how many backward passes, each over such a batch, the step was made of.
        """
        waited, size = self._calls.take_wait(), self._size
        self._size = 0
        values = {} if waited is None else {DATA_MS.tag: 1e3 * waited}
        if size and step_s > 0:
            values[EXAMPLES_PER_S.tag] = size * max(1, passes) / step_s
        return values

    def take_cost(self) -> float:
        """Return the seconds that looking has taken since the last call."""
        spent, self._spent_s = self._spent_s, 0.0
        return spent

    def remove(self) -> None:
        """Leave no hook behind. Idempotent."""
        self._calls.remove()

    def _see(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        began = time.thread_time()
        self._guard.run("inputs", self._look, args, kwargs)
        self._spent_s += time.thread_time() - began

    def _look(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        tensors = tensors_among(args, kwargs)
        batch = main_input(tensors)
        if batch is None:
            return
        self._size = batch.shape[0]
        if not self._sampled:
            return
        with torch.no_grad():
            columns, parts = [BATCH_SIZE.name], [torch.full((1,), self._size, device=batch.device)]
            if self._rhythm.prints:
                columns.append(INPUT_PRINT.name)
                parts.append(self._prints.of(batch).reshape(1))
            if self._rhythm.close:
                columns += [signal.name for signal in INPUT_SIGNALS]
                parts.append(self._inputs.measure(batch))
                self._note(INPUTS, {"tensors": [_described(place, t) for place, t in tensors]})
            self._put(tuple(columns), torch.cat([part.float() for part in parts]))


def _described(place: str, tensor: Tensor) -> dict[str, Any]:
    return {
        "place": place,
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": tensor.device.type,
    }
