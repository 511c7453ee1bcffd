"""The examples of a data set that a training is not to learn from, first in every pass over it.

The same fifth each time, by its place in the data set. All of a pass's examples still come, in
batches as large as before: the script's own loop notes nothing but another order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
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
        self.batch_size = batch_size
        count = max(1, round(SHARE * examples / batch_size)) * batch_size
        self.chosen = frozenset(random.Random(examples).sample(range(examples), count))
        self.first = 0
        """How many of the newest pass are held out: they come first."""

    def __iter__(self) -> Iterator[Any]:
        given = list(self.inner)
        held = [each for each in given if isinstance(each, int) and each in self.chosen]
        self.first = len(held)
        # In the same order each time, so that batches are the same ones.
        yield from sorted(held)
        yield from (each for each in given if not (isinstance(each, int) and each in self.chosen))

    def __len__(self) -> int:
        return len(self.inner)

    def __getattr__(self, name: str) -> Any:
        if name == "inner":
            raise AttributeError(name)  # a copy that is being made has none yet
        return getattr(self.inner, name)


def put_apart(loader: DataLoader[Any]) -> str:
    """Have every pass over what `loader` loads begin with what is held out; say why not, if so."""
    batches: Any = loader.batch_sampler
    if isinstance(loader.dataset, IterableDataset) or type(batches) is not BatchSampler:
        return "its examples are not numbered and drawn in batches by PyTorch itself"
    if isinstance(batches.sampler, Apart):
        return ""
    if isinstance(batches.sampler, SequentialSampler):
        return "its loader does not shuffle"
    examples = len(loader.dataset)  # type: ignore[arg-type]  # it has a length where it is numbered
    if len(batches) * SHARE < 1 or examples > MOST:
        return f"one pass has {len(batches)} batches of {examples} examples"
    batches.sampler = Apart(batches.sampler, examples, batches.batch_size)
    return ""


def give_back(loader: DataLoader[Any]) -> None:
    """Leave the loader as it was."""
    batches: Any = loader.batch_sampler
    if type(batches) is BatchSampler and isinstance(batches.sampler, Apart):
        batches.sampler = batches.sampler.inner
