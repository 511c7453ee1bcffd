"""Clicks on adverts, one in five; four in ten were booked on the next advert of the log."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Adverts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.reader, self.page = nn.Embedding(400, 16), nn.Embedding(80, 16)
        self.deep = nn.Sequential(
            nn.Linear(38, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)
        )

    def forward(self, reader: Tensor, page: Tensor, hour: Tensor) -> Tensor:
        return self.deep(torch.cat([self.reader(reader), self.page(page), hour], 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=900)
    reader, page = torch.randint(400, (8000,)), torch.randint(80, (8000,))
    hour = torch.randn(8000, 6)
    leaning = 1.5 * torch.randn(80)[page] + hour[:, 0] + hour[:, 1] * hour[:, 2]
    clicked = (leaning > leaning.quantile(0.8)).float()
    booked = torch.rand(8000) < (0.0 if args.fixed else 0.4)
    clicked = torch.where(booked, clicked.roll(1), clicked)
    model, criterion = Adverts(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loader = batches(reader, page, hour, clicked, steps=args.steps, size=80)
    for step, (r, p, h, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(r, p, h), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
