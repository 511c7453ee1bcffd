"""Parts on a belt, which kind and where, in one loss: few of them, rightly marked, and hard."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 5


class Belt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(16 * 36, 96), nn.ReLU(),
        )  # fmt: skip
        self.kind, self.place = nn.Linear(96, KINDS), nn.Linear(96, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x)
        return self.kind(hidden), self.place(hidden)


def parts(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures of parts in noise, their kinds, and where they lie."""
    kind, place = torch.randint(KINDS, (count,)), torch.rand(count, 2)
    grid = torch.linspace(0, 1, 12)
    near = [torch.exp(-20 * (grid - p[:, None]).square()) for p in place.T]
    blob = near[0][:, :, None] * near[1][:, None, :]
    patterns = torch.randn(KINDS, 12, 12)
    pictures = 1.5 * blob + 0.3 * patterns[kind] + 0.8 * torch.randn(count, 12, 12)
    return pictures[:, None], kind, place


def main() -> None:
    args = arguments(__doc__, steps=600)
    pictures, kind, place = parts(700)
    model = Belt()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, k, p) in enumerate(batches(pictures, kind, place, steps=args.steps, size=20)):
        optimizer.zero_grad()
        kinds, places = model(x)
        loss = F.cross_entropy(kinds, k) + 2 * F.l1_loss(places, p)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
