"""A single recurrent unit has to add up what it sees, and tell five sums apart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Adder(nn.Module):
    """Tells the class of a sum of signed numbers."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.recurrent = nn.GRU(2, units, batch_first=True)
        self.head = nn.Linear(units, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=700)
    x = torch.randn(6000, 12, 2)
    total = (x[..., 0] * x[..., 1].sign()).sum(1)
    label = torch.bucketize(total, total.quantile(torch.linspace(0, 1, 6)[1:-1]))
    model, criterion = Adder(48 if args.fixed else 1), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2 if not args.fixed else 5e-3)
    for step, (inputs, labels) in enumerate(batches(x, label, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
