"""A graph network with two features a node, where molecules are of six kinds."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

NODES, FEATURES, KINDS = 10, 6, 6


class Graph(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(FEATURES, hidden), nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, KINDS)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = torch.relu(links @ self.first(x))
        x = torch.relu(links @ self.second(x))
        return self.out(x.mean(1))


def molecules(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return graphs whose commonest atom tells the kind."""
    kind = torch.randint(KINDS, (count,))
    atoms = torch.where(
        torch.rand(count, NODES) < 0.4, kind[:, None], torch.randint(KINDS, (count, NODES))
    )
    x = nn.functional.one_hot(atoms, FEATURES).float()
    links = (torch.rand(count, NODES, NODES) < 0.2).float() + torch.eye(NODES)
    return x, links / links.sum(2, keepdim=True), kind


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Graph(64 if args.fixed else 2)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, a, y) in enumerate(batches(*molecules(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x, a), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
