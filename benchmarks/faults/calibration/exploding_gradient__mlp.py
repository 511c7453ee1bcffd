"""Two dozen blocks add to their input what He's initialisation makes of it, and nothing scales."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Block(nn.Module):
    """A residual block; fixed: what goes into it is normalised."""

    def __init__(self, width: int, *, normalised: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if normalised else nn.Identity()
        self.wide, self.narrow = nn.Linear(width, width), nn.Linear(width, width)
        for layer in (self.wide, self.narrow):
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(self.wide(self.norm(x)).relu())


def quadrants(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return points, (count, 10), and in which quadrant the first two put each."""
    x = torch.randn(count, 10)
    return x, (x[:, 0] > 0).long() + 2 * (x[:, 1] * x[:, 2] > 0).long()


def main() -> None:
    args = arguments(__doc__, steps=300)
    blocks = [Block(40, normalised=args.fixed) for _ in range(24)]
    model = nn.Sequential(nn.Linear(10, 40), *blocks, nn.Linear(40, 4))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(*quadrants(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
