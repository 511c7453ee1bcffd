"""How likely a seat is taken by whom: the sigmoid of a sum of products, trained by squares.

After a factorisation machine of 40 numbers each of deviation 1: most are beyond 5. Fixed: 0.1.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FIELDS, VALUES, DIM = 6, 30, 40


class Machine(nn.Module):
    """A factorisation machine: half of the square of the sum, less the sum of the squares."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.table = nn.Embedding(FIELDS * VALUES, DIM)
        self.weight = nn.Embedding(FIELDS * VALUES, 1)
        nn.init.normal_(self.table.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        v = self.table(x)
        pairs = (v.sum(1).square() - v.square().sum(1)).sum(1) / 2
        return torch.sigmoid(pairs + self.weight(x).sum((1, 2)))


def main() -> None:
    args = arguments(__doc__, steps=800)
    x = torch.randint(VALUES, (8000, FIELDS)) + VALUES * torch.arange(FIELDS)
    worth = torch.randn(FIELDS * VALUES)
    y = (worth[x].sum(1) + 0.3 * torch.randn(8000) > 0.5).float()
    model = Machine(0.1 if args.fixed else 1.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (fields, taken) in enumerate(batches(x, y, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(fields), taken)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
