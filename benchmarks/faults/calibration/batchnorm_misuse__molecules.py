"""Two molecules a step, and their atoms are normalised together before they are averaged.

What all atoms of a molecule have in common is what tells one molecule from another: of one in a
batch it is taken away, of two hardly more than a sign is left.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

KINDS = 6


class Network(nn.Module):
    """Two rounds of messages, and the mean over all atoms of each molecule."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.atoms = nn.Linear(KINDS, width)
        self.first, self.second = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(2))
        self.out = nn.Linear(width, 3)

    def forward(self, atoms: Tensor, bonds: Tensor, owner: Tensor) -> Tensor:
        x = torch.relu(self.atoms(atoms))
        x = torch.relu(self.norms[0](self.first(torch.cat((x, bonds @ x), 1))))
        x = self.norms[1](self.second(torch.cat((x, bonds @ x), 1)))
        return self.out(owner @ x)


def molecules(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return atoms, bonds, which share of each molecule an atom is, and its kind."""
    sizes = torch.randint(8, 25, (count,))
    number = int(sizes.sum())
    of = torch.repeat_interleave(torch.arange(count), sizes)
    mix = torch.distributions.Dirichlet(torch.ones(KINDS)).sample((count,))
    atoms = nn.functional.one_hot(torch.multinomial(mix[of], 1)[:, 0], KINDS).float()
    together = of[:, None] == of
    bonds = (torch.rand(number, number) < 0.2).float() * together
    bonds = bonds / bonds.sum(1, keepdim=True).clamp(min=1)
    owner = (torch.arange(count)[:, None] == of).float() / sizes[:, None]
    share = owner @ atoms
    score = 3 * share[:, 0] - 2 * share[:, 1] + 4 * share[:, 2] * share[:, 3]
    return atoms, bonds, owner, (score > 0.1).long() + (score > 0.6).long()


def main() -> None:
    args = arguments(__doc__, steps=400)
    size = 16 if args.fixed else 2
    model, criterion = Network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        *graph, y = molecules(size)
        optimizer.zero_grad()
        loss = criterion(model(*graph), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
