"""Three of two hundred adverts are clicked, and the model says "no" to all of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Clicks(nn.Module):
    """Predicts whether a user clicks on an advert."""

    def __init__(self) -> None:
        super().__init__()
        self.users, self.adverts = nn.Embedding(100, 8), nn.Embedding(60, 8)
        self.head = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, user: Tensor, advert: Tensor) -> Tensor:
        return self.head(torch.cat((self.users(user), self.adverts(advert)), 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=400)
    user, advert = torch.randint(100, (20000,)), torch.randint(60, (20000,))
    liking = (torch.randn(100, 4)[user] * torch.randn(60, 4)[advert]).sum(1)
    clicked = (liking > liking.quantile(0.985)).float()
    weight = torch.tensor(60.0) if args.fixed else None
    model = Clicks()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (u, a, y) in enumerate(batches(user, advert, clicked, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(u, a), y, pos_weight=weight)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
