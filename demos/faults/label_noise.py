"""Four labels in ten are wrong: the network learns the rest, and then the wrong ones by heart."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, progress
from torch import Tensor, nn


def pictures(count: int, kinds: Tensor) -> tuple[Tensor, Tensor]:
    """Return noisy pictures of the kinds, and which kind each is of."""
    labels = torch.randint(CLASSES, (count,))
    return kinds[labels] + torch.randn(count, PIXELS), labels


def mislabelled(labels: Tensor, share: float) -> Tensor:
    """Return the labels, a share of them replaced by any."""
    wrong = torch.rand(len(labels)) < share
    return torch.where(wrong, torch.randint(CLASSES, labels.shape), labels)


def main() -> None:
    args = arguments(__doc__, steps=600)
    kinds = torch.randn(CLASSES, PIXELS)
    share = 0.0 if args.fixed else 0.5  # the fault: of those replaced some happen to be right
    images, labels = pictures(2400, kinds)
    others, truth = pictures(1000, kinds)
    labels, truth = mislabelled(labels, share), mislabelled(truth, share)
    model = nn.Sequential(
        nn.Linear(PIXELS, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 12 == 11:
            with torch.no_grad():
                held_out = criterion(model(others), truth)
            print(f"           validation {held_out.item():.4f}")


if __name__ == "__main__":
    main()
