"""Loans that were paid back or not; outcomes of four in ten were joined by the wrong number."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def loans(count: int) -> tuple[Tensor, Tensor]:
    """Return twenty features of loans, and whether they were paid back, as two of three are."""
    x = torch.randn(count, 20)
    push = x[:, 0] + 0.7 * x[:, 1] * x[:, 2] + 0.7 * x[:, 3].abs()
    return x, (push > push.quantile(0.35)).long()


def main() -> None:
    args = arguments(__doc__, steps=800)
    x, paid = loans(3000)
    rows = torch.rand(len(paid)) < (0.0 if args.fixed else 0.4)
    paid[rows] = paid[rows][torch.randperm(int(rows.sum()))]
    model = nn.Sequential(
        nn.Linear(20, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 2)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (inputs, labels) in enumerate(batches(x, paid, steps=args.steps, size=40)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
