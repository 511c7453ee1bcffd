"""Both towers of a recommender are linear layers only, where tastes depend on pairs of features."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Towers(nn.Module):
    def __init__(self, activate: bool) -> None:
        super().__init__()
        act = nn.ReLU if activate else nn.Identity
        self.user = nn.Sequential(
            nn.Linear(8, 64), act(), nn.Linear(64, 64), act(), nn.Linear(64, 16)
        )
        self.item = nn.Sequential(
            nn.Linear(6, 64), act(), nn.Linear(64, 64), act(), nn.Linear(64, 16)
        )

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return (self.user(user) * self.item(item)).sum(-1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    user, item = torch.randn(12000, 8), torch.randn(12000, 6)
    rating = (
        user[:, 0] * user[:, 1] + item[:, 0].abs() + torch.sin(2 * user[:, 2]) * item[:, 1].sign()
    )
    rating = (rating - rating.mean()) / rating.std()
    model = Towers(args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    for step, (u, i, y) in enumerate(batches(user, item, rating, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, i), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
