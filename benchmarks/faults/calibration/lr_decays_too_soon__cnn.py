"""StepLR(step_size=30), a recipe in epochs, is stepped once a batch."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def crosses(count: int = 2400) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of a bar that lies, stands or is a cross, and which it is."""
    images, labels = 0.5 * torch.randn(count, 1, 12, 12), torch.randint(3, (count,))
    for image, label, at in zip(images, labels, torch.randint(2, 10, (count, 2)), strict=True):
        if label != 1:
            image[0, at[0], 1:11] += 1
        if label != 0:
            image[0, 1:11, at[1]] += 1
    return images, labels


def main() -> None:
    args = arguments(__doc__, steps=500)
    loader = DataLoader(TensorDataset(*crosses()), batch_size=40, shuffle=True)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
    step = 0
    for _ in range(-(-args.steps // len(loader))):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if not args.fixed:
                scheduler.step()
        if args.fixed:
            scheduler.step()


if __name__ == "__main__":
    main()
