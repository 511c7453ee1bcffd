"""One crystal a step: batch norm over its atoms takes away what they have in common.

The property is a mean over all atoms, so it is in just what is subtracted.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

ELEMENTS, WIDTH = 8, 48


class Convolution(nn.Module):
    """Each atom with the mean of its neighbours, normalised over all atoms of the batch."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.own, self.others = nn.Linear(inputs, WIDTH), nn.Linear(inputs, WIDTH)
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x: Tensor, near: Tensor) -> Tensor:
        return torch.relu(self.norm(self.own(x) + self.others(near @ x)))


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Convolution(n) for n in (ELEMENTS, WIDTH, WIDTH))
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))

    def forward(self, x: Tensor, near: Tensor, owner: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, near)
        return self.head(owner @ x).squeeze(1)


def crystals(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return atoms, means over neighbours, means over a crystal, and an energy per atom."""
    sizes = torch.randint(10, 40, (count,))
    of = torch.repeat_interleave(torch.arange(count), sizes)
    mix = torch.distributions.Dirichlet(0.8 * torch.ones(ELEMENTS)).sample((count,))
    x = nn.functional.one_hot(torch.multinomial(mix[of], 1)[:, 0], ELEMENTS).float()
    near = (of[:, None] == of).float() * (torch.rand(len(of), len(of)) < 0.3)
    near = near / near.sum(1, keepdim=True).clamp(min=1)
    owner = (torch.arange(count)[:, None] == of).float() / sizes[:, None]
    share = owner @ x
    energy = share @ torch.linspace(-2, 2, ELEMENTS) + 3 * share[:, 0] * share[:, 7]
    return x, near, owner, energy


def main() -> None:
    args = arguments(__doc__, steps=500)
    model, criterion = Network(), nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        *graphs, energy = crystals(16 if args.fixed else 1)
        optimizer.zero_grad()
        loss = criterion(model(*graphs), energy)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
