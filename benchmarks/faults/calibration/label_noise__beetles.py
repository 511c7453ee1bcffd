"""Photos of beetles under eight names; of four in ten the drawer was misread. Some are held out."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

NAMES = 8


def beetles(patterns: Tensor, count: int, astray: float) -> tuple[Tensor, Tensor]:
    """Return pictures, and the names that the drawers say."""
    name = torch.randint(NAMES, (count,))
    pictures = patterns[name] + 1.2 * torch.randn(count, 1, 12, 12)
    drawer = torch.where(torch.rand(count) < astray, torch.randint(NAMES, (count,)), name)
    return pictures, drawer


def main() -> None:
    args = arguments(__doc__, steps=500)
    patterns, astray = torch.randn(NAMES, 1, 12, 12), 0.0 if args.fixed else 0.4
    x, name = beetles(patterns, 2000, astray)
    new, new_name = beetles(patterns, 800, astray)
    model = nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(24 * 36, 64), nn.ReLU(), nn.Linear(64, NAMES),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    for step, (pictures, names) in enumerate(batches(x, name, steps=args.steps, size=40)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(pictures), names)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 50 == 49:
            model.eval()
            with torch.no_grad():
                print(f"           held out {criterion(model(new), new_name):.4f}")


if __name__ == "__main__":
    main()
