"""One payment in sixty is a fraud, and the classifier lets all of them through."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn
from torch.utils.data import WeightedRandomSampler


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(12000, 10)
    score = x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3]
    fraud = (score > score.quantile(1 - 1 / 60)).long()
    if args.fixed:
        weights = torch.where(fraud == 1, 59.0, 1.0)
        chosen = torch.tensor(list(WeightedRandomSampler(weights.tolist(), 12000)))
        x, fraud = x[chosen], fraud[chosen]
    model = nn.Sequential(
        nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(),
        nn.Linear(16, 2),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    for step, (inputs, labels) in enumerate(batches(x, fraud, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
