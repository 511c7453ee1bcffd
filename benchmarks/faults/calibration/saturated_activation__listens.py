"""Which share of a song is heard is the sigmoid of twelve times a product of two tables.

A temperature that softmaxes over songs have was kept for single pairs. Fixed: times one.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LISTENERS, SONGS, DIM = 150, 100, 4


class Listens(nn.Module):
    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.listener, self.song = nn.Embedding(LISTENERS, DIM), nn.Embedding(SONGS, DIM)
        self.patience, self.catchy = nn.Embedding(LISTENERS, 1), nn.Embedding(SONGS, 1)

    def forward(self, who: Tensor, what: Tensor) -> Tensor:
        match = (self.listener(who) * self.song(what)).sum(1)
        match = match + (self.patience(who) + self.catchy(what))[:, 0]
        return torch.sigmoid(self.sharpness * match)


def main() -> None:
    args = arguments(__doc__, steps=1200)
    who, what = torch.randint(LISTENERS, (12000,)), torch.randint(SONGS, (12000,))
    score = (torch.randn(LISTENERS, 3)[who] * torch.randn(SONGS, 3)[what]).sum(1)
    share = torch.sigmoid(1 + 3 * (score + torch.randn(SONGS)[what]) + 0.5 * torch.randn(12000))
    model = Listens(1.0 if args.fixed else 12.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    for step, (u, s, y) in enumerate(batches(who, what, share, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, s), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
