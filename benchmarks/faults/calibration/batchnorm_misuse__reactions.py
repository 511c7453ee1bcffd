"""Gradients of sixteen reactions are accumulated, each a graph of its own under batch norm."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

KINDS, WIDTH, CLASSES = 6, 40, 4


class Yields(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(KINDS, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU())
        self.outer = nn.Sequential(
            nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
        )
        self.out = nn.Linear(WIDTH, CLASSES)

    def forward(self, atoms: Tensor, links: Tensor, owner: Tensor) -> Tensor:
        x = self.inner(atoms + links @ atoms)
        x = self.outer(x + links @ x)
        return self.out(owner @ x)


def reactions(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return atoms of mixtures, links, means, and which of four yields each has."""
    sizes = torch.randint(15, 30, (count,))
    of = torch.repeat_interleave(torch.arange(count), sizes)
    mix = torch.distributions.Dirichlet(torch.ones(KINDS)).sample((count,))
    atoms = nn.functional.one_hot(torch.multinomial(mix[of], 1)[:, 0], KINDS).float()
    links = (torch.rand(len(of), len(of)) < 0.1).float() * (of[:, None] == of)
    owner = (torch.arange(count)[:, None] == of).float() / sizes[:, None]
    share = owner @ atoms
    one, two = share[:, 0] > share[:, 1], share[:, 2] + share[:, 3] > share[:, 4] + share[:, 5]
    return atoms, links, owner, one.long() + 2 * two.long()


def main() -> None:
    args = arguments(__doc__, steps=150)
    size = 16 if args.fixed else 1
    model, criterion = Yields(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        optimizer.zero_grad()
        total = torch.zeros(())
        for _ in range(16 // size):
            *graph, y = reactions(size)
            loss = criterion(model(*graph), y) * size / 16
            loss.backward()
            total += loss.detach()
        optimizer.step()
        progress(step, args.steps, total)


if __name__ == "__main__":
    main()
