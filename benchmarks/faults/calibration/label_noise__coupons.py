"""Who redeems a coupon, a rare event; returns were booked on the next customer's number."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Coupons(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.shop = nn.Embedding(200, 12)
        self.kind = nn.Embedding(50, 12)
        self.deep = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(self, shop: Tensor, kind: Tensor, habits: Tensor) -> Tensor:
        return self.deep(torch.cat([self.shop(shop), self.kind(kind), habits], 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=800)
    shop, kind = torch.randint(200, (6000,)), torch.randint(50, (6000,))
    habits = torch.randn(6000, 8)
    leaning = 2 * habits[:, 0] + 1.5 * torch.randn(50)[kind] - habits[:, 1] * habits[:, 2]
    redeemed = (leaning > leaning.quantile(0.85)).float()
    shifted = torch.rand(6000) < (0.0 if args.fixed else 0.4)
    redeemed = torch.where(shifted, redeemed.roll(1), redeemed)
    model, criterion = Coupons(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    loader = batches(shop, kind, habits, redeemed, steps=args.steps, size=100)
    for step, (s, k, h, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(s, k, h), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
