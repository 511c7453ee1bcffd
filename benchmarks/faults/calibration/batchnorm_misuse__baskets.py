"""An autoencoder of baskets whose output is normalised without a scale or a shift to learn.

Of each good half of the logits are above 0, and few of the baskets hold it.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

GOODS = 60


def baskets(count: int) -> Tensor:
    """Return who bought what, (count, goods): by taste, and by how much a good is sold at all."""
    taste, style = torch.randn(count, 3), torch.randn(3, GOODS)
    return torch.bernoulli(torch.sigmoid(1.2 * taste @ style - 2.5 + 0.7 * torch.randn(GOODS)))


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(
        nn.Dropout(0.2), nn.Linear(GOODS, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 8),
        nn.ReLU(), nn.Linear(8, GOODS),
        nn.Identity() if args.fixed else nn.BatchNorm1d(GOODS, affine=False),
    )  # fmt: skip
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(baskets(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
