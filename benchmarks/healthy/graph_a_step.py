"""One graph a step under batch norm: nodes are told from each other, so nothing is lost by it."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

FEATURES, KINDS, WIDTH = 12, 4, 48


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2 * FEATURES, WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm_1, self.norm_2 = nn.BatchNorm1d(WIDTH), nn.BatchNorm1d(WIDTH)
        self.out = nn.Linear(WIDTH, KINDS)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = torch.relu(self.norm_1(self.first(torch.cat((x, links @ x), 1))))
        x = torch.relu(self.norm_2(self.second(torch.cat((x, links @ x), 1))))
        return self.out(x)


def graph(centres: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return nodes of all kinds, links that mostly join nodes of one kind, and the kinds."""
    kinds = torch.randint(KINDS, (int(torch.randint(30, 80, ())),))
    x = centres[kinds] + torch.randn(len(kinds), FEATURES)
    alike = (kinds[:, None] == kinds).float()
    links = (torch.rand_like(alike) < 0.02 + 0.15 * alike).float() + torch.eye(len(kinds))
    return x, links / links.sum(1, keepdim=True), kinds


def main() -> None:
    args = arguments(__doc__, steps=500)
    centres = torch.randn(KINDS, FEATURES)
    model, criterion = Network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        *inputs, kinds = graph(centres)
        loss = criterion(model(*inputs), kinds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
