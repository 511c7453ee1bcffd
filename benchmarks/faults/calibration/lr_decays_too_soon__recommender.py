"""An exponential decay by a tenth, meant for every epoch, is stepped with every batch."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from lr_too_high__recommender import TwoTower, ratings
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = TwoTower()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    for step, (user, item, rating) in enumerate(batches(*ratings(), steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(user, item), rating)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if not args.fixed or step % 187 == 186:
            scheduler.step()


if __name__ == "__main__":
    main()
