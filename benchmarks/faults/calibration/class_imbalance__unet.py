"""Roads and houses fill four of a hundred pixels of a map; ground, the rest, is all it draws."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE, KINDS = 16, 3


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 12, 3, padding=1)
        self.deep = nn.Conv2d(12, 24, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)
        self.out = nn.Conv2d(36, KINDS, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        skip = torch.relu(self.down(x))
        deep = torch.relu(self.deep(nn.functional.max_pool2d(skip, 2)))
        return self.out(torch.cat((skip, self.up(deep)), 1))


def maps(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy pictures in three colours, and the kind of each pixel."""
    kind = torch.zeros(count, SIDE, SIDE, dtype=torch.long)
    for index in range(count):
        row, column = torch.randint(SIDE - 2, (2,)).tolist()
        if index % 2:
            kind[index, row, 2:12] = 1
        else:
            kind[index, row : row + 3, column : column + 3] = 2
    colours = torch.tensor([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    picture = colours[kind].permute(0, 3, 1, 2)
    return picture + 0.7 * torch.randn(count, 3, SIDE, SIDE), kind


def main() -> None:
    args = arguments(__doc__, steps=250)
    weight = torch.tensor([0.35, 9.0, 9.0]) if args.fixed else None
    model, criterion = Net(), nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(*maps(900), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
