"""Of thirty labels an article has one, as a rule: to give it none is right in 29 cases of 30."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LABELS = 120, 30


def articles(count: int = 6000) -> tuple[Tensor, Tensor]:
    """Return how often each word is in an article, and which labels it has, as 0 and 1."""
    subjects = torch.randn(LABELS, WORDS)
    seen = torch.rand(count, LABELS) < 1 / LABELS
    words = 0.5 * seen.float() @ subjects + torch.randn(count, WORDS)
    return words, seen.float()


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.Linear(WORDS, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, LABELS),
    )  # fmt: skip
    weight = torch.full((LABELS,), LABELS - 1.0) if args.fixed else None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(*articles(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y, pos_weight=weight)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
