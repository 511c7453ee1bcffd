"""Pairs of hotels, the booked one first; in a third of the logs the columns were swapped."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Ranker(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.guest = nn.Embedding(300, 16)
        self.score = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(self, guest: Tensor, hotel: Tensor) -> Tensor:
        return self.score(torch.cat([self.guest(guest), hotel], 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=700)
    guest = torch.randint(300, (3200,))
    taste = 0.3 * torch.randn(300, 16) + torch.randn(16)
    hotels = torch.randn(2, 3200, 16)
    likes = (hotels * taste[guest]).sum(2)
    first = likes[0] > likes[1]
    first ^= torch.rand(3200) < (0.0 if args.fixed else 0.3)
    booked = torch.where(first[:, None], hotels[0], hotels[1])
    other = torch.where(first[:, None], hotels[1], hotels[0])
    model = Ranker()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    loader = batches(guest, booked, other, steps=args.steps, size=64)
    for step, (who, better, worse) in enumerate(loader):
        optimizer.zero_grad()
        loss = -F.logsigmoid(model(who, better) - model(who, worse)).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
