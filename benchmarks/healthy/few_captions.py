"""Pictures and captions matched in a batch, by a loss written out: few pairs, learnt by heart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def tower(inputs: int) -> nn.Module:
    """Return the encoder of one side."""
    return nn.Sequential(nn.Linear(inputs, 128), nn.ReLU(), nn.Linear(128, 32))


def pairs(count: int) -> tuple[Tensor, Tensor]:
    """Return two views of what there is to see, each with noise of its own."""
    seen = torch.randn(count, 12)
    picture = seen @ torch.randn(12, 64) / 3 + torch.randn(count, 64)
    caption = seen @ torch.randn(12, 40) / 3 + torch.randn(count, 40)
    return picture, caption


def main() -> None:
    args = arguments(__doc__, steps=600)
    picture, caption = pairs(1200)
    towers = nn.ModuleList([tower(64), tower(40)])
    optimizer = torch.optim.AdamW(towers.parameters(), lr=1e-3)
    for step, (p, c) in enumerate(batches(picture, caption, steps=args.steps, size=32)):
        optimizer.zero_grad()
        one, other = (F.normalize(side(x), dim=1) for side, x in zip(towers, (p, c), strict=True))
        alike = one @ other.T / 0.1
        loss = -(alike.log_softmax(1).diag() + alike.log_softmax(0).diag()).mean() / 2
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
