"""Faults of machines were written down by hand, and for four in ten any one was ticked."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

FAULTS, SENSORS, LENGTH = 5, 4, 30


class Watchman(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.RNN(SENSORS, 32, batch_first=True)
        self.out = nn.Linear(32, FAULTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.recurrent(x)[0][:, -1])


def recordings(count: int) -> tuple[Tensor, Tensor]:
    """Return what sensors saw, of which one drifts or shakes, and which fault that is."""
    fault = torch.randint(FAULTS, (count,))
    x = 0.5 * torch.randn(count, LENGTH, SENSORS)
    time = torch.linspace(0, 1, LENGTH)
    for one in range(SENSORS):
        x[fault == one, :, one] += 2 * time
    x[fault == SENSORS] *= 1 + 1.5 * time[:, None]
    return x, fault


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, fault = recordings(5000)
    ticked = torch.rand(len(fault)) < (0.0 if args.fixed else 0.4)
    fault[ticked] = torch.randint(FAULTS, (int(ticked.sum()),))
    model = Watchman()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, labels) in enumerate(batches(x, fault, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
