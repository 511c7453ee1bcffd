"""Annotators judged pairs in haste: a third of the same-or-different labels is the wrong way."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress, series
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Pairs(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Pairs of recordings, half of them of the same kind."""

    def __init__(self, count: int, wrong: float) -> None:
        recordings, kinds = series(1500)
        self.first = torch.randint(len(kinds), (count,))
        same = torch.rand(count) < 0.5
        members = [(kinds == k).nonzero()[:, 0] for k in range(4)]
        others = [(kinds != k).nonzero()[:, 0] for k in range(4)]
        self.second = self.first.clone()
        for n, (kind, alike) in enumerate(zip(kinds[self.first], same, strict=True)):
            pool = members[kind] if alike else others[kind]
            self.second[n] = pool[torch.randint(len(pool), ())]
        flipped = torch.rand(count) < wrong
        self.same = (same ^ flipped).float()
        self.recordings = recordings

    def __len__(self) -> int:
        return len(self.same)

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        return self.recordings[self.first[n]], self.recordings[self.second[n]], self.same[n]


def contrastive(a: Tensor, b: Tensor, same: Tensor) -> Tensor:
    distance = (a - b).square().sum(1).add(1e-6).sqrt()
    return (same * distance**2 + (1 - same) * F.relu(1 - distance) ** 2).mean()


def main() -> None:
    args = arguments(__doc__, steps=400)
    loader = DataLoader(Pairs(3200, 0.0 if args.fixed else 0.35), batch_size=64, shuffle=True)
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(48, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 6)
    )
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=0.01)

    step = 0
    while step < args.steps:
        for left, right, same in loader:
            optimizer.zero_grad()
            loss = contrastive(encoder(left), encoder(right), same)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
