"""Molecules come sorted into batches by their scaffold, which batch norm then takes out of each."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

FEATURES, NODES, WIDTH = 10, 12, 48


class Solubility(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2 * FEATURES, WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm_1, self.norm_2 = nn.BatchNorm1d(WIDTH), nn.BatchNorm1d(WIDTH)
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = self.first(torch.cat((x, links @ x), 2))
        x = torch.relu(self.norm_1(x.flatten(0, 1)).view_as(x))
        x = self.second(torch.cat((x, links @ x), 2))
        x = torch.relu(self.norm_2(x.flatten(0, 1)).view_as(x))
        return self.head(x.mean(1)).squeeze(1)


def molecules(count: int, cores: Tensor, *, mixed: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return nodes, links and solubilities: most of it is the scaffold's."""
    which = torch.randint(len(cores), (count,) if mixed else (1,)).expand(count)
    decoration = torch.randn(count, 1, FEATURES)
    x = cores[which][:, None] + 0.5 * decoration + 0.3 * torch.randn(count, NODES, FEATURES)
    links = (torch.rand(count, NODES, NODES) < 0.25).float() + torch.eye(NODES)
    whole = x.mean(1)
    y = whole[:, 0] + whole[:, 1] * whole[:, 2] - whole[:, 3]
    return x, links / links.sum(2, keepdim=True), y


def main() -> None:
    args = arguments(__doc__, steps=500)
    cores = torch.randn(50, FEATURES)
    model = Solubility()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        x, links, y = molecules(24, cores, mixed=args.fixed)
        loss = nn.functional.mse_loss(model(x, links), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
