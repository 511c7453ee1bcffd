"""Two pictures a batch under batch norm: dry and wet streets are told from each other, not apart.

Of two dry ones nothing says that they are. Where the street lies is learnt in any case.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 16


def streets(count: int) -> tuple[Tensor, Tensor]:
    """Return pictures of a street, and of each pixel: 0 beside it, 1 dry, 2 wet."""
    wet = torch.rand(count, 1, 1) < 0.5
    left, width = torch.randint(0, 8, (count, 1, 1)), torch.randint(4, 9, (count, 1, 1))
    at = torch.arange(SIDE)
    street = ((at >= left) & (at < left + width)).expand(count, SIDE, SIDE)
    shine = torch.where(wet, 0.7, -0.7)
    bright = torch.stack((shine + 0.8 * street, 1.0 * street), 1)
    return bright + 0.5 * torch.randn_like(bright), torch.where(street, 1 + wet.long(), 0)


class Net(nn.Module):
    """An encoder, a decoder, and a way past both."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.block(2, 12, 1)
        self.down, self.up = self.block(12, 24, 2), nn.ConvTranspose2d(24, 12, 2, stride=2)
        self.last, self.out = self.block(24, 12, 1), nn.Conv2d(12, 3, 1)

    @staticmethod
    def block(inputs: int, outputs: int, stride: int) -> nn.Module:
        return nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.out(self.last(torch.cat((x, self.up(self.down(x))), 1)))


def main() -> None:
    args = arguments(__doc__, steps=250)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    size = 16 if args.fixed else 2
    for step, (x, y) in enumerate(batches(*streets(1500), steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
