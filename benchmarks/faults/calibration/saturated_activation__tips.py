"""One tower of two is pinned: the guest's last thirty places are added up, times 3, before a tanh.

The place's own tower is a table, and learns what most think. Fixed: their mean.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PLACES, DIM, LAST = 150, 32, 30


class Tips(nn.Module):
    def __init__(self, *, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        self.seen, self.place = nn.Embedding(PLACES, DIM), nn.Embedding(PLACES, DIM)
        self.guest = nn.Linear(DIM, DIM)
        self.liked = nn.Embedding(PLACES, 1)

    def forward(self, history: Tensor, place: Tensor) -> Tensor:
        seen = self.seen(history)
        pooled = 3 * seen.mean(1) if self.mean else 3 * seen.sum(1)
        guest = torch.tanh(self.guest(pooled))
        return (guest * self.place(place)).sum(1) / 8 + self.liked(place)[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=600)
    kinds = torch.randn(PLACES, 3)
    taste = torch.randn(6000, 3)
    score = 1.5 * taste @ kinds.T
    history = (score + torch.randn_like(score)).topk(LAST).indices
    place = torch.randint(PLACES, (6000,))
    tip = score.gather(1, place[:, None])[:, 0] + torch.randn(PLACES)[place]
    tip = tip + 0.3 * torch.randn(6000)
    model = Tips(mean=args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (h, p, y) in enumerate(batches(history, place, tip, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(h, p), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
