"""A few hundred photos of right labels: part of each is learnt as a rule, part of it by heart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 4


def photos(count: int) -> tuple[Tensor, Tensor]:
    """Return small pictures of four patterns that hide in noise, and which one it is."""
    kind = torch.randint(KINDS, (count,))
    patterns = torch.randn(KINDS, 1, 12, 12)
    return 0.35 * patterns[kind] + torch.randn(count, 1, 12, 12), kind


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, y = photos(500)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(16 * 36, 64), nn.ReLU(), nn.Linear(64, KINDS),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (pictures, kind) in enumerate(batches(x, y, steps=args.steps, size=20)):
        optimizer.zero_grad()
        loss = criterion(model(pictures), kind)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
