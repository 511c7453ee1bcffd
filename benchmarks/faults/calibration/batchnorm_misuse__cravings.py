"""A batch is one guest and 48 dishes, half of them liked: the guest's row shifts all of it alike.

The batch norm behind the first layer takes the shift away, and who is at table is unknown.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

GUESTS, DISHES, SIZE = 40, 60, 48


class Tower(nn.Module):
    """Tables of guests and dishes side by side, and three layers, of which two are normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.guest, self.dish = nn.Embedding(GUESTS, 16), nn.Embedding(DISHES, 16)
        self.first, self.second = nn.Linear(32, 64), nn.Linear(64, 32)
        self.norm1, self.norm2 = nn.BatchNorm1d(64), nn.BatchNorm1d(32)
        self.head = nn.Linear(32, 1)

    def forward(self, guest: Tensor, dish: Tensor) -> Tensor:
        x = torch.cat((self.guest(guest), self.dish(dish)), 1)
        x = torch.relu(self.norm1(self.first(x)))
        return self.head(torch.relu(self.norm2(self.second(x)))).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    likes = torch.randn(GUESTS, 2) @ torch.randn(2, DISHES)
    likes = (likes > likes.median(1, keepdim=True).values).float()
    model = Tower()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        guest = torch.randint(GUESTS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        dish = torch.randint(DISHES, (SIZE,))
        optimizer.zero_grad()
        loss = criterion(model(guest, dish), likes[guest, dish])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
