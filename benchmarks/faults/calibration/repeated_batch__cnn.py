"""The batch is taken from the loader once, before the loop over epochs, and stays the same."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def shapes(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy 12x12 images with a bright bar, and which of four sides it is at."""
    labels = torch.randint(4, (count,))
    images = 1.5 * torch.randn(count, 1, 12, 12)
    for side in range(4):
        bar = torch.zeros(12, 12)
        bar[:3] = 1
        images[labels == side] += bar.rot90(side)
    return images, labels


def main() -> None:
    args = arguments(__doc__, steps=250)
    train = DataLoader(TensorDataset(*shapes(2000)), batch_size=16, shuffle=True)
    test = shapes(300)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(300, 4)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    batches = iter(train)
    x, y = next(batches)
    for step in range(args.steps):
        if args.fixed:
            x, y = next(batches, (None, None))
            if x is None:
                batches = iter(train)
                x, y = next(batches)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 40 == 39:
            model.eval()
            with torch.no_grad():
                print("test loss", criterion(model(test[0]), test[1]).item())
            model.train()


if __name__ == "__main__":
    main()
