"""Four molecules a batch, and batch norm behind the pooling: four values for each statistic."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

ATOMS, WIDTH = 7, 32


class Assay(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(ATOMS, WIDTH)
        self.message, self.update = nn.Linear(WIDTH, WIDTH), nn.GRUCell(WIDTH, WIDTH)
        self.head = nn.Sequential(
            nn.Linear(WIDTH, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, kinds: Tensor, bonds: Tensor) -> Tensor:
        mask = (kinds >= 0)[..., None].float()
        x = self.embed(kinds.clamp(min=0)) * mask
        for _ in range(2):
            sent = bonds @ torch.relu(self.message(x))
            x = self.update(sent.flatten(0, 1), x.flatten(0, 1)).view_as(x) * mask
        return self.head(x.sum(1) / mask.sum(1)).squeeze(1)


def molecules(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return padded atoms, bonds between neighbours in a chain, and whether each is active."""
    kinds = torch.randint(ATOMS, (count, 24))
    kinds[torch.arange(24) >= torch.randint(10, 25, (count, 1))] = -1
    step = torch.arange(24)
    bonds = ((step[:, None] - step).abs() == 1).float().expand(count, -1, -1)
    bonds = bonds * (kinds >= 0)[:, None] * (kinds >= 0)[:, :, None]
    share = (kinds[..., None] == torch.arange(ATOMS)).float().sum(1)
    return kinds, bonds, (share[:, 0] + share[:, 1] > share[:, 2] + share[:, 3]).float()


def main() -> None:
    args = arguments(__doc__, steps=600)
    kinds, bonds, active = molecules(3000)
    size = 64 if args.fixed else 4
    model, criterion = Assay(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        at = torch.randint(3000, (size,))
        optimizer.zero_grad()
        loss = criterion(model(kinds[at], bonds[at]), active[at])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
