"""Items are told from what was bought with them, through an embedding squeezed into two numbers."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

ITEMS, GROUPS = 60, 12


class Basket(nn.Module):
    def __init__(self, code: int) -> None:
        super().__init__()
        self.items = nn.Embedding(ITEMS, 32)
        self.squeeze = nn.Linear(32, code)
        self.out = nn.Linear(code, GROUPS)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(self.squeeze(self.items(x).mean(1))))


def main() -> None:
    args = arguments(__doc__, steps=600)
    group = torch.randint(GROUPS, (8000,))
    own = torch.rand(8000, 5) < 0.9
    kin = group[:, None] * (ITEMS // GROUPS) + torch.randint(ITEMS // GROUPS, (8000, 5))
    basket = torch.where(own, kin, torch.randint(ITEMS, (8000, 5)))
    model = Basket(24 if args.fixed else 2)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, args.steps)
    for step, (x, y) in enumerate(batches(basket, group, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
