"""Gradient accumulation was left out: a step follows every two ratings, not every 32."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn

USERS, ITEMS = 40, 30


class Ratings(nn.Module):
    """Vectors of user and item, side by side, through two layers."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        self.user = nn.Embedding(USERS, size)
        self.item = nn.Embedding(ITEMS, size)
        self.mix = nn.Sequential(nn.Linear(2 * size, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return self.mix(torch.cat((self.user(user), self.item(item)), 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=300)
    accumulate = 16 if args.fixed else 1
    user, item, rating = ratings(12000, users=USERS, items=ITEMS)
    model = Ratings()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    train = user[:11000], item[:11000], rating[:11000]
    micro_batches = batches(*train, steps=args.steps * accumulate, size=2)
    for step in range(args.steps):
        total = torch.zeros(())
        for _ in range(accumulate):
            who, what, stars = next(micro_batches)
            loss = F.mse_loss(model(who, what), stars) / accumulate
            loss.backward()
            total += loss.detach()
        optimizer.step()
        optimizer.zero_grad()
        progress(step, args.steps, total)
        if step % 30 == 29:
            with torch.no_grad():
                val_loss = F.mse_loss(model(user[11000:], item[11000:]), rating[11000:])
            print(f"step {step:4d}  val_loss {val_loss.item():.4f}")


if __name__ == "__main__":
    main()
