"""Few leaves of right names, and some held out: what is left to learn there is learnt by heart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

NAMES = 5


def leaves(patterns: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return pictures of leaves in noise, and their names."""
    name = torch.randint(NAMES, (count,))
    return 0.25 * patterns[name] + torch.randn(count, 1, 12, 12), name


def main() -> None:
    args = arguments(__doc__, steps=500)
    patterns = torch.randn(NAMES, 1, 12, 12)
    x, name = leaves(patterns, 700)
    new, new_name = leaves(patterns, 500)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(16 * 36, 64), nn.ReLU(), nn.Linear(64, NAMES),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    for step, (pictures, names) in enumerate(batches(x, name, steps=args.steps, size=25)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(pictures), names)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 28 == 27:
            model.eval()
            with torch.no_grad():
                print(f"           held out {criterion(model(new), new_name):.4f}")


if __name__ == "__main__":
    main()
