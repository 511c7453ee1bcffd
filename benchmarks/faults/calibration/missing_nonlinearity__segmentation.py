"""A segmentation network of convolutions, upsampling and dropout, without a single activation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 16


class Net(nn.Module):
    def __init__(self, activate: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 16, 4, stride=2, padding=1)
        self.mid = nn.Conv2d(16, 32, 3, padding=1)
        self.drop = nn.Dropout2d(0.05)
        self.up = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)
        self.out = nn.Conv2d(16, 1, 3, padding=1)
        self.f = F.leaky_relu if activate else lambda x: x

    def forward(self, x: Tensor) -> Tensor:
        x = self.f(self.down(x))
        x = self.drop(self.f(self.mid(x)))
        return self.out(self.f(self.up(x)))


def scenes(count: int) -> tuple[Tensor, Tensor]:
    """Return pictures of a patch that is rough, at the same mean as the rest, and where it is."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    top, left = torch.randint(0, SIDE - 8, (2, count, 1, 1))
    inside = (rows >= top) & (rows < top + 8) & (columns >= left) & (columns < left + 8)
    picture = torch.randn(count, SIDE, SIDE) * torch.where(inside, 2.0, 0.3)
    return picture[:, None], inside.float()[:, None]


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = Net(args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*scenes(1200), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
