"""ReduceLROnPlateau is shown the loss of every batch, takes its noise for a plateau, and decays."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

SIZES = (40, 30, 20, 12, 8)


def impressions(count: int = 6400) -> tuple[Tensor, Tensor]:
    """Return the categories of each impression, (count, 5), and whether it was clicked."""
    fields = torch.stack([torch.randint(size, (count,)) for size in SIZES], 1)
    tastes = [torch.randn(size, 3)[fields[:, n]] for n, size in enumerate(SIZES)]
    affinity = (tastes[0] * tastes[1]).sum(1) + (tastes[2] * tastes[3]).sum(1) + tastes[4][:, 0]
    return fields, torch.bernoulli(torch.sigmoid(3 * affinity))


class ClickModel(nn.Module):
    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(size, dim) for size in SIZES])
        self.mlp = nn.Sequential(
            nn.Linear(dim * len(SIZES), 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU()
        )
        self.out = nn.Linear(32, 1)

    def forward(self, fields: Tensor) -> Tensor:
        embedded = [table(fields[:, n]) for n, table in enumerate(self.tables)]
        return self.out(self.mlp(torch.cat(embedded, 1)))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=500)
    loader = DataLoader(TensorDataset(*impressions()), batch_size=64, shuffle=True)
    model = ClickModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)

    step = 0
    while step < args.steps:
        losses = []
        for fields, clicked in loader:
            loss = F.binary_cross_entropy_with_logits(model(fields), clicked)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if not args.fixed:
                scheduler.step(losses[-1])
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break
        if args.fixed:
            scheduler.step(sum(losses) / len(losses))


if __name__ == "__main__":
    main()
