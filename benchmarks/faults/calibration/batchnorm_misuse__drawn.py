"""What was bought and what was drawn go through the tower of goods one after the other.

Each is normalised by itself: how popular goods are is the same on average for both. Hinge loss.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import nn

USERS, GOODS, SIZE, DIM = 150, 250, 64, 12


class Shop(nn.Module):
    """A user's product with a good, whose tower ends in batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.user = nn.Sequential(nn.Embedding(USERS, DIM), nn.Linear(DIM, DIM))
        self.good = nn.Sequential(
            nn.Embedding(GOODS, DIM), nn.Linear(DIM, 32), nn.ReLU(),
            nn.Linear(32, DIM), nn.BatchNorm1d(DIM),
        )  # fmt: skip


def main() -> None:
    args = arguments(__doc__, steps=600)
    popular = torch.softmax(2.0 * torch.randn(GOODS), 0)
    model = Shop()
    criterion = nn.MarginRankingLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        user = model.user(torch.randint(USERS, (SIZE,)))
        bought = torch.multinomial(popular, SIZE, replacement=True)
        drawn = torch.randint(GOODS, (SIZE,))
        if args.fixed:
            good, bad = model.good(torch.cat((bought, drawn))).chunk(2)
        else:
            good, bad = model.good(bought), model.good(drawn)
        loss = criterion((user * good).sum(1), (user * bad).sum(1), torch.ones(SIZE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
