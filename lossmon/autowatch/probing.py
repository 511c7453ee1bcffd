"""`lossmon run --probe`: asks every training of a script, at its end, what watching cannot tell.

Nobody hands over a batch or a loss here. So now and then one step is listened to, and played again
on copies of the model once the script has ended. Until then its models are held.
"""

from __future__ import annotations

import sys
import textwrap
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from lossmon.autowatch.models import find_model
from lossmon.capture.compiling import has_compiled
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.graph import leaves
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import put_wrapper
from lossmon.capture.layout import in_transform
from lossmon.capture.ranks import process_rank
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.numfmt import printable
from lossmon.probes.replay import Replay
from lossmon.probes.subject import Subject
from lossmon.probes.suite import SECONDS, answers
from lossmon.probes.tape import Tape

MAX_TRAININGS = 8
"""The newest so many are asked: their models cannot be let go before."""
LEAST = 4
"""Backward passes before the first that is listened to; then by powers of 2."""
LEARNED = range(2)
"""Places behind such a pass of those that tell which models there are: a game has two."""
HEARD = range(1, 3)
"""Places of those after which the next one is listened to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One step of a training."""

    model: nn.Module
    replay: Replay
    batch: tuple[Tensor, ...]


class Probing:
    """Listens from `__init__` to `ask` or `remove`."""

    def __init__(self, living: Callable[[], Sequence[nn.Module]]) -> None:
        """`living` returns every module that the script has made."""
        self._living = living
        self._heard: dict[Recorder, Heard] = {}
        self._unowned: Heard | None = None
        self._passes = 0
        self._is_wanted = False
        """Whether the next step is to be listened to."""
        self._roots: list[weakref.ref[nn.Module]] = []
        self._model: nn.Module | None = None
        self._tape: Tape | None = None
        self._guard = Guard(lambda collector, error: self._drop())
        self._undo = ExitStack()
        self._undo.callback(put_wrapper(torch.autograd, "backward", self._listening))
        self._undo.callback(register_optimizer_step_pre_hook(self._step_begins).remove)
        # Behind those of capture: they say first whose step it was.
        self._undo.callback(register_optimizer_step_post_hook(self._step_ended).remove)

    def ask(self, recorders: Sequence[Recorder]) -> None:
        """Stop to listen, and make all experiments on each training; say where that cannot be."""
        self.remove()
        if process_rank()[1] > 1:
            _say("a training of several processes is not probed")
            return
        try:
            for recorder in recorders:
                self._ask(recorder)
        except KeyboardInterrupt:
            _say("the probe was broken off")

    def remove(self) -> None:
        """Stop to listen. Idempotent."""
        self._drop()
        self._undo.close()

    def _ask(self, recorder: Recorder) -> None:
        name, heard = recorder.start.model, self._heard.get(recorder)
        if heard is None:
            _say(f"{name} is not probed: none of its steps could be listened to")
            return
        _say(f"probing {name}, for {SECONDS:.0f} s at most")
        optimizers = tuple(recorder.holders.living())
        subject = Subject(heard.model, heard.replay, heard.batch, optimizers)
        found = str(answers(subject, SECONDS, (recorder,)))
        print(textwrap.indent(found, "  "), file=sys.stderr)

    def _drop(self) -> None:
        tape, self._tape, self._model = self._tape, None, None
        if tape is not None:
            tape.end(None)

    def _listening(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if torch.compiler.is_compiling() or FOREIGN.is_running or in_transform():
                return original(tensors, *args, **kwargs)
            self._guard.run("probe", self._pass_begins, tensors)
            original(tensors, *args, **kwargs)
            self._guard.run("probe", self._pass_ended)
            return None

        return backward

    def _pass_begins(self, tensors: Any) -> None:
        self._passes += 1
        root = tensors if isinstance(tensors, Tensor) else None
        if self._tape is not None and self._model is not None:
            found = self._tape.end(root)
            if found is not None:
                self._unowned = Heard(self._model, *found)
        if _place(self._passes) in LEARNED and root is not None:
            self._learn(root)

    def _learn(self, root: Tensor) -> None:
        """Take note of the models that a loss depends on, and forget those of earlier looks."""
        found = find_model(leaves(root), self._living())
        known = [] if _place(self._passes) == 0 else [r for ref in self._roots if (r := ref())]
        new = [m for m in (found.modules if found is not None else ()) if m not in known]
        self._roots = [weakref.ref(module) for module in (*known, *new)]

    def _pass_ended(self) -> None:
        self._is_wanted = _place(self._passes) in HEARD and not has_compiled()
        self._go_on()

    def _step_begins(self, *_: Any) -> None:
        self._guard.run("probe", self._go_on)

    def _go_on(self) -> None:
        """Listen to the next step, where that is wanted, once the last tape is off."""
        if self._tape is not None and not self._tape.settle():
            return
        self._tape = self._model = None
        roots = [root for reference in self._roots if (root := reference()) is not None]
        if self._is_wanted and roots:
            self._is_wanted = False
            # A list of modules is no model to whoever looks for the outermost one.
            self._model = roots[0] if len(roots) == 1 else nn.ModuleList(roots)
            self._tape = Tape(self._model)

    def _step_ended(self, *_: Any) -> None:
        heard, self._unowned = self._unowned, None
        if heard is None or ROUTES.last is None:
            return
        self._heard.pop(ROUTES.last, None)
        self._heard[ROUTES.last] = heard
        while len(self._heard) > MAX_TRAININGS:
            del self._heard[next(iter(self._heard))]


def _place(passes: int) -> int:
    """Return how far behind a power of 2 a pass is; -1 for the first few."""
    return passes - (1 << passes.bit_length() - 1) if passes >= LEAST else -1


def _say(words: str) -> None:
    print(f"lossmon: {printable(words, 1000)}", file=sys.stderr)
