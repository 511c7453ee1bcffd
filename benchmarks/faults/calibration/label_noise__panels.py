"""Defects of panels: whether, which and where, in one loss; the kinds of half are anybody's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 6


class Inspector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
        )  # fmt: skip
        self.heads = nn.ModuleList([nn.Linear(128, 1), nn.Linear(128, KINDS), nn.Linear(128, 4)])

    def forward(self, x: Tensor) -> list[Tensor]:
        hidden = self.body(x)
        return [head(hidden) for head in self.heads]


def main() -> None:
    args = arguments(__doc__, steps=800)
    kind, broken = torch.randint(KINDS, (2500,)), torch.rand(2500) < 0.7
    place = torch.rand(2500, 4)
    x = 0.8 * torch.randn(2500, 32) + place @ torch.randn(4, 32)
    x += torch.where(broken[:, None], torch.randn(KINDS, 32)[kind], torch.zeros(32))
    anybodys = torch.rand(2500) < (0.0 if args.fixed else 0.5)
    kind = torch.where(anybodys, torch.randint(KINDS, (2500,)), kind)
    model = Inspector()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = batches(x, broken.float(), kind, place, steps=args.steps, size=40)
    for step, (inputs, b, k, p) in enumerate(loader):
        optimizer.zero_grad()
        whether, which, where = model(inputs)
        loss = F.binary_cross_entropy_with_logits(whether[:, 0], b)
        loss = loss + (b * F.cross_entropy(which, k, reduction="none")).mean()
        loss = loss + 2 * (b[:, None] * (where - p).abs()).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
