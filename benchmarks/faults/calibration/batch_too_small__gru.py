"""A recording a step, at a rate that suits sixty-four; `--fixed` lowers it with the batch."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Recogniser(nn.Module):
    """Names the rhythm of a recording by where it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(2, 32, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=900)
    rhythm = torch.randint(4, (5000,))
    time = torch.arange(20) * (0.3 + 0.2 * rhythm[:, None]) + 6.28 * torch.rand(5000, 1)
    x = torch.stack((time.sin(), time.cos()), 2) + 0.7 * torch.randn(5000, 20, 2)
    model, criterion = Recogniser(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3 if args.fixed else 1e-2)
    steps = 2 * args.steps if args.fixed else args.steps
    for step, (inputs, labels) in enumerate(batches(x, rhythm, steps=steps, size=1)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
