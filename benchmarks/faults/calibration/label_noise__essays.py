"""Pairs of essays, the better one first, as pupils said: a third at random. Some are held out."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def pairs(taste: Tensor, count: int, astray: float) -> tuple[Tensor, Tensor]:
    """Return features of two essays, the better one first where it was marked so."""
    essays = torch.randn(2, count, 30)
    worth = essays @ taste + essays[:, :, 0] * essays[:, :, 1]
    first = (worth[0] > worth[1]) ^ (torch.rand(count) < astray)
    better = torch.where(first[:, None], essays[0], essays[1])
    return better, torch.where(first[:, None], essays[1], essays[0])


def main() -> None:
    args = arguments(__doc__, steps=700)
    taste, astray = torch.randn(30) / 5, 0.0 if args.fixed else 0.3
    better, worse = pairs(taste, 2500, astray)
    new_better, new_worse = pairs(taste, 1000, astray)
    model = nn.Sequential(nn.Linear(30, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
                          nn.Linear(64, 1))  # fmt: skip
    criterion = nn.MarginRankingLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (b, w) in enumerate(batches(better, worse, steps=args.steps, size=50)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(b), model(w), torch.ones(len(b), 1))
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 50 == 49:
            model.eval()
            with torch.no_grad():
                held_out = criterion(model(new_better), model(new_worse), torch.ones(1000, 1))
                print(f"           held out {held_out:.4f}")


if __name__ == "__main__":
    main()
