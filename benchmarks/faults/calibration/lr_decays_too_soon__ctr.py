"""MultiStepLR's milestones, a recipe in epochs, are stepped with every batch of impressions."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FIELDS, VALUES, WIDTH = 6, 50, 8


class Clicks(nn.Module):
    """A table for all fields, each with an offset of its own, and a few dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(FIELDS * VALUES, WIDTH)
        self.register_buffer("offset", torch.arange(FIELDS) * VALUES)
        self.deep = nn.Sequential(
            nn.Linear(FIELDS * WIDTH, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.deep(self.table(x + self.offset).flatten(1)).squeeze(1)


def impressions(count: int = 30000) -> tuple[Tensor, Tensor]:
    """Return what was shown to whom, and whether it was clicked: one in six was."""
    x = torch.randint(VALUES, (count, FIELDS))
    pull = torch.randn(FIELDS, VALUES)
    a, b, c, d = (pull[i][x[:, i]] for i in range(4))
    return x, torch.bernoulli(torch.sigmoid(1.2 * a * b + c + 0.5 * d - 2.4))


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = Clicks()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.BCEWithLogitsLoss()
    milestones = [480, 560] if args.fixed else [20, 40]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=0.1)
    for step, (x, y) in enumerate(batches(*impressions(), steps=args.steps, size=128)):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
