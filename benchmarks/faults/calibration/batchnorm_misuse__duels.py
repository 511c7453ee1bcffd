"""BPR over one listener a batch, whose normalised embedding is the bias of its batch norm always.

Fixed: as many listeners as pairs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

LISTENERS, SONGS, SIZE = 50, 60, 64


class Ranker(nn.Module):
    """Tables, each behind batch norm, and two layers that take both."""

    def __init__(self) -> None:
        super().__init__()
        self.listener, self.song = nn.Embedding(LISTENERS, 12), nn.Embedding(SONGS, 12)
        self.norm = nn.BatchNorm1d(12)
        self.tower = nn.Sequential(nn.Linear(36, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, listener: Tensor, songs: Tensor) -> Tensor:
        a = self.norm(self.listener(listener))
        b = self.song(songs)
        a = a[:, None].expand_as(b)
        return self.tower(torch.cat((a, b, a * b), 2)).squeeze(2)


def main() -> None:
    args = arguments(__doc__, steps=800)
    likes = torch.randn(LISTENERS, 2) @ torch.randn(2, SONGS)
    model = Ranker()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(args.steps):
        listener = torch.randint(LISTENERS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        pair = torch.randint(SONGS, (SIZE, 2))
        order = likes[listener[:, None], pair].argsort(1, descending=True)
        good, bad = model(listener, pair.gather(1, order)).unbind(1)
        optimizer.zero_grad()
        loss = -F.logsigmoid(good - bad).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
