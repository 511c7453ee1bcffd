"""The examples of a data set that a training is not to learn from, first in every pass over it.

The same fifth each time, by its place in the data set. All of a pass's examples still come, in
batches as large as before: the script's own loop notes nothing but another order.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from torch.utils.data import BatchSampler, DataLoader, IterableDataset, SequentialSampler

SHARE = 0.2
"""Of the examples: one in five, the share that most scripts hold out who do."""
MOST = 20_000_000
"""Examples whose order is listed; PyTorch's own sampler takes as much memory."""


class Apart:
    """A sampler in place of another: what it gives, and first the examples that are held out."""

    def __init__(self, inner: Any, examples: int, batch_size: int) -> None:
        """`examples`: of the data set, by whose number alone is chosen which are held out."""
        self.inner = inner
        self.examples = examples
        self.batch_size = batch_size
        # Whole batches; a sampler that draws an example twice may have fewer than one.
        share = SHARE * examples
        count = round(share / batch_size) * batch_size or max(1, round(share))
        self.chosen = frozenset(random.Random(examples).sample(range(examples), count))
        self.first = 0
        """How many of the newest pass are held out: they come first."""

    def __iter__(self) -> Iterator[Any]:
        self.first, coming = 0, iter(self.inner)
        given = list(islice(coming, len(self.inner)))
        more = list(islice(coming, 1))
        if more:
            # It may never end: then nothing can come first.
            yield from chain(given, more, coming)
            return
        held = [each for each in given if _number(each) in self.chosen]
        self.first = len(held)
        # In the same order each time, so that batches are the same ones.
        yield from sorted(held, key=operator.index)
        yield from (each for each in given if _number(each) not in self.chosen)

    def __len__(self) -> int:
        return len(self.inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy is of the script's own sampler, and whoever loads one needs nothing of ours.
        return operator.getitem, ((self.inner,), 0)


def put_apart(loader: DataLoader[Any]) -> str:
    """Have every pass over what `loader` loads begin with what is held out; say why not, if so."""
    batches: Any = loader.batch_sampler
    if isinstance(loader.dataset, IterableDataset) or type(batches) is not BatchSampler:
        return "its examples are not numbered and drawn in batches by PyTorch itself"
    if isinstance(batches.sampler, Apart):
        return ""
    if isinstance(batches.sampler, SequentialSampler):
        return "its loader does not shuffle"
    if not getattr(loader, "in_order", True):
        return "its batches come in any order"
    try:
        examples, count = len(loader.dataset), len(batches)  # type: ignore[arg-type]  # it may have none
    except (TypeError, NotImplementedError):
        return "nobody says how many examples a pass has"
    if count * SHARE < 1 or max(examples, count * batches.batch_size) > MOST:
        return f"one pass has {count} batches of {examples} examples"
    batches.sampler = Apart(batches.sampler, examples, batches.batch_size)
    return ""


def give_back(loader: DataLoader[Any]) -> None:
    """Leave the loader as it was."""
    batches: Any = loader.batch_sampler
    if type(batches) is BatchSampler and isinstance(batches.sampler, Apart):
        batches.sampler = batches.sampler.inner


def _number(each: Any) -> int | None:
    """Return the number of an example, NumPy's and tensors as well; None for what is none."""
    try:
        return operator.index(each)
    except (TypeError, ValueError):
        return None
