"""Wish lists are reconstructed, and the last layer is normalised like those before it.

The batch norm has no weights, so that each output has a mean of 0 and a deviation of 1.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WISHES = 40


class Lists(nn.Module):
    """Encoder and decoder, each layer followed by batch norm."""

    def __init__(self, *, last: bool) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(WISHES, 6), nn.Linear(6, WISHES)
        self.norm = nn.BatchNorm1d(6)
        self.out = nn.BatchNorm1d(WISHES, affine=False) if last else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.up(torch.relu(self.norm(self.down(x)))))


def main() -> None:
    args = arguments(__doc__, steps=600)
    taste, style = torch.randn(3000, 2), torch.randn(2, WISHES)
    stars = 0.25 * torch.tanh(taste @ style) + 0.1 * torch.randn(WISHES)
    stars = stars + 0.05 * torch.randn(3000, WISHES)
    model = Lists(last=not args.fixed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for step, (x,) in enumerate(batches(stars, steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
