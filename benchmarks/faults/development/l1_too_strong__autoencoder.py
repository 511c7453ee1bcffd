"""The gradient of an L1 penalty of 0.02 is added to every weight of an autoencoder by hand."""

from __future__ import annotations

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Linear(32, 48), nn.Tanh(), nn.Linear(48, 8))
        self.up = nn.Sequential(nn.Linear(8, 48), nn.Tanh(), nn.Linear(48, 32))

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.down(x))


def main() -> None:
    args = arguments(__doc__, steps=500)
    strength = 1e-6 if args.fixed else 0.02
    model = Autoencoder()
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    for step, (x,) in enumerate(batches(profiles(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        for p in model.parameters():
            if p.grad is not None:
                p.grad.add_(p.detach().sign(), alpha=strength)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
