"""A batch is one shop and people who passed by; features of both go through batch norm first.

Those of the shop are the same all over a batch, and 0 behind it; which ones draw whom is the task.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import nn

SHOPS, SIZE = 80, 48


def main() -> None:
    args = arguments(__doc__, steps=600)
    shops = torch.randn(SHOPS, 6)
    model = nn.Sequential(
        nn.BatchNorm1d(14), nn.Linear(14, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(),
        nn.Linear(32, 1), nn.Flatten(0),
    )  # fmt: skip
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        shop = shops[torch.randint(SHOPS, (SIZE,) if args.fixed else (1,)).expand(SIZE)]
        person = torch.randn(SIZE, 8)
        drawn = 2 * (shop[:, :3] * person[:, :3]).sum(1)
        entered = torch.bernoulli(torch.sigmoid(drawn))
        loss = criterion(model(torch.cat((shop, person), 1)), entered)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
