"""batch-dependency: does what the model says of one example depend on the others in its batch?

It should not: where it does, code has mixed the rows, as a `view` does that should be a
`transpose`. The gradient of one row's output to all inputs tells (Karpathy, "A recipe for training
neural networks", 2019). Eval mode, in which BatchNorm does not mix them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lossmon.numfmt import plural
from lossmon.probes.calls import (
    altered_inputs,
    dim_of_examples,
    examples_in,
    floats_in,
    inputs_of,
)
from lossmon.probes.clock import Clock
from lossmon.probes.fit import without_dropout
from lossmon.probes.outcome import CannotRunError
from lossmon.probes.subject import Subject
from lossmon.probes.twin import Twin

MAX_ROWS = 16
"""Rows whose output is looked at, evenly spread: a backward pass each."""
LEAST_ROWS = 2
"""That are an answer where there is no time for more."""
NO_GRADIENT = "there is no gradient from the model's output to its input"


@dataclass(frozen=True, slots=True)
class BatchDependency:
    """The answer."""

    depends: int
    """Rows whose output depends on the input of another row."""
    of: int
    """Rows that were looked at."""

    def __str__(self) -> str:
        rows = f"{self.depends} of {plural(self.of, 'row')}"
        return f"the output of {rows} depends on another row's input"


def batch_dependency(subject: Subject, clock: Clock) -> BatchDependency:
    """Look for gradients of one row's output to another row's input.

    Raises:
        CannotRunError: The output has no rows or no gradient to the inputs, or mixing is meant.
    """
    twin = Twin(subject)
    _still(twin.model)
    inputs = inputs_of(twin)
    examples = examples_in(twin, inputs)
    sources: list[Tensor] = []

    def watched(tensor: Tensor) -> Tensor:
        if not tensor.is_floating_point() or dim_of_examples(tensor, examples) is None:
            return tensor
        sources.append(tensor.detach().requires_grad_())
        return sources[-1]

    with altered_inputs(twin.model, watched) as calls, _embeddings(twin.model, calls, sources):
        twin.loss()
    whole = (_rows(output, examples) for output in floats_in(calls.output))
    rows = next((found for found in whole if found is not None), None)
    if rows is None:
        raise CannotRunError("the model's output has no row for each example")
    if not sources or not rows.requires_grad:
        raise CannotRunError(NO_GRADIENT)
    looked_at = range(0, examples, -(-examples // MAX_ROWS))
    reached: dict[int, set[int]] = {}
    for row in looked_at:
        if clock.is_over and len(reached) >= LEAST_ROWS:
            break
        if clock.is_over:
            raise CannotRunError("its time was over; give it more seconds=")
        clock.tell(f"row {row + 1}")
        reached[row] = _reached(rows, row, sources, examples)
    if not any(reached.values()):
        raise CannotRunError(NO_GRADIENT)
    depends = sum(bool(others - {row}) for row, others in reached.items())
    return BatchDependency(depends, len(reached))


def _still(model: nn.Module) -> None:
    """Put a copy into eval mode.

    Raises:
        CannotRunError: A layer of it mixes the rows in eval mode, too.
    """
    model.eval()
    without_dropout(model)
    for module in model.modules():
        if isinstance(module, nn.RNNBase):
            # Without dropout it does the same, and cuDNN has no backward pass in eval mode.
            module.train()
        if isinstance(module, _BatchNorm) and module.running_mean is None:
            raise CannotRunError(
                "BatchNorm without running statistics mixes the rows, as it is meant to"
            )


@contextmanager
def _embeddings(model: nn.Module, calls: Any, sources: list[Tensor]) -> Iterator[None]:
    """Take what embeddings of the inputs return as sources: indices have no gradient."""

    def after(module: nn.Module, args: Any, output: Any) -> Any:
        places = {tensor.untyped_storage().data_ptr() for tensor in calls.inputs}
        index = args[0] if args else None
        # Not those of positions, which the model makes up itself.
        if not isinstance(index, Tensor) or index.untyped_storage().data_ptr() not in places:
            return output
        sources.append(output.detach().requires_grad_())
        return sources[-1]

    embeddings = [m for m in model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)]
    handles = [module.register_forward_hook(after) for module in embeddings]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _rows(output: Tensor, examples: int) -> Tensor | None:
    """Return an output as one row for each example; None where it has none."""
    dim = dim_of_examples(output, examples)
    if dim is not None:
        return output.movedim(dim, 0).reshape(examples, -1)
    if output.dim() and output.shape[0] % examples == 0:
        # All positions of the first example, then all of the next.
        return output.reshape(examples, -1)
    return None


def _reached(rows: Tensor, row: int, sources: list[Tensor], examples: int) -> set[int]:
    """Return the rows of the input that the output of one row has a gradient to."""
    # Not a plain sum: that of a softmax is 1 whatever comes in.
    weights = torch.linspace(0.5, 1.5, rows.shape[1], device=rows.device, dtype=rows.dtype)
    gradients = torch.autograd.grad(
        (rows[row] * weights).sum(), sources, retain_graph=True, allow_unused=True
    )
    whole = (_rows(gradient, examples) for gradient in gradients if gradient is not None)
    return {
        int(place)
        for gradient in whole
        if gradient is not None
        for place in gradient.abs().amax(1).gt(0).nonzero()
    }
