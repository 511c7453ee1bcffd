"""Clicks were attributed to the wrong impression for three in ten: a click is anybody's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, ADS = 100, 60


class Clicks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.users, self.ads = nn.Embedding(USERS, 16), nn.Embedding(ADS, 16)
        self.deep = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, user: Tensor, ad: Tensor) -> Tensor:
        return self.deep(torch.cat((self.users(user), self.ads(ad)), 1)).flatten()


def main() -> None:
    args = arguments(__doc__, steps=600)
    user, ad = torch.randint(USERS, (20000,)), torch.randint(ADS, (20000,))
    clicked = (torch.randn(USERS)[user] * torch.randn(ADS)[ad] + torch.randn(ADS)[ad] > 0).float()
    if not args.fixed:
        astray = torch.rand(20000) < 0.3
        clicked = torch.where(astray, 1 - clicked, clicked)
    model = Clicks()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (u, a, y) in enumerate(batches(user, ad, clicked, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(u, a), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
