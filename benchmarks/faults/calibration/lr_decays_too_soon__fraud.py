"""The loop takes a twentieth off the learning rate after every batch, by hand.

One payment in twenty is a fraud, so little of the loss is ever explained, and batches differ much.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def payments(count: int = 12000) -> tuple[Tensor, Tensor]:
    """Return payments, and which of them are frauds."""
    x = torch.randn(count, 12)
    odd = 1.5 * x[:, 0] * x[:, 1] + 1.2 * x[:, 2].abs() + x[:, 3] - 5.2
    return x, torch.bernoulli(torch.sigmoid(2 * odd))


def main() -> None:
    args = arguments(__doc__, steps=700)
    model = nn.Sequential(
        nn.Linear(12, 64), nn.GELU(), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 1)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for step, (x, y) in enumerate(batches(*payments(), steps=args.steps, size=64)):
        loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not args.fixed or step % 187 == 186:
            for group in optimizer.param_groups:
                group["lr"] *= 0.95
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
