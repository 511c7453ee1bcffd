"""What was bought and what was drawn as a negative come in batches of their own, in turns.

A whole batch is told by how popular its items are together, and one item by nothing in eval mode.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

USERS, ITEMS, SIZE = 200, 100, 64


class Shop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(USERS, 16), nn.Embedding(ITEMS, 16)
        self.first, self.second = nn.Linear(48, 64), nn.Linear(64, 32)
        self.norm1, self.norm2 = nn.BatchNorm1d(64), nn.BatchNorm1d(32)
        self.out = nn.Linear(32, 1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        a, b = self.user(user), self.item(item)
        x = torch.relu(self.norm1(self.first(torch.cat((a, b, a * b), 1))))
        return self.out(torch.relu(self.norm2(self.second(x)))).squeeze(1)


def shown(popular: Tensor, bought: Tensor) -> tuple[Tensor, Tensor]:
    """Return users, and an item each that they bought or that was drawn."""
    count = len(bought)
    items = torch.multinomial(popular, count, replacement=True)
    return torch.randint(USERS, (count,)), torch.where(
        bought, items, torch.randint(ITEMS, (count,))
    )


def main() -> None:
    args = arguments(__doc__, steps=500)
    popular = torch.softmax(1.5 * torch.randn(ITEMS), 0)
    model = Shop()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        model.train()
        label = torch.rand(SIZE) < 0.5 if args.fixed else torch.full((SIZE,), step % 2 == 0)
        user, item = shown(popular, label)
        optimizer.zero_grad()
        loss = criterion(model(user, item), label.float())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 25 == 24:
            model.eval()
            label = torch.rand(1024) < 0.5
            with torch.no_grad():
                val_loss = criterion(model(*shown(popular, label)), label.float())
            print(f"val_loss {val_loss.item():.4f}")


if __name__ == "__main__":
    main()
