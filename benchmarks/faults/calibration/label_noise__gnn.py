"""Half of the graphs got their kind from a list that was sorted otherwise."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

NODES, KINDS = 12, 4


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(KINDS, 48), nn.Linear(48, 48)
        self.out = nn.Linear(48, KINDS)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = torch.tanh(self.first(links @ x))
        x = torch.tanh(self.second(links @ x))
        return self.out(x.sum(1))


def graphs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return graphs of atoms, and the kind of atom that is in excess."""
    kind = torch.randint(KINDS, (count,))
    atoms = torch.where(
        torch.rand(count, NODES) < 0.5, kind[:, None], torch.randint(KINDS, (count, NODES))
    )
    links = (torch.rand(count, NODES, NODES) < 0.2).float() + torch.eye(NODES)
    return nn.functional.one_hot(atoms, KINDS).float(), links / links.sum(2, keepdim=True), kind


def main() -> None:
    args = arguments(__doc__, steps=500)
    x, links, kind = graphs(5000)
    if not args.fixed:
        half = torch.randperm(5000)[:2500]
        kind[half] = kind[half.roll(1)]
    model = Graph()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for step, (nodes, a, y) in enumerate(batches(x, links, kind, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(nodes, a), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
