"""Fault: of the images that a network is to judge one in a hundred shows what it looks for."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler


def scans(count: int = 12_000) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images, one in a hundred of them with a spot somewhere, and which."""
    images = torch.randn(count, 1, 12, 12)
    ill = (torch.arange(count) % 100 == 0).float()
    rows, columns = torch.randint(9, (2, count))
    for index in ill.nonzero()[:, 0].tolist():
        row, column = int(rows[index]), int(columns[index])
        images[index, :, row : row + 3, column : column + 3] += 1.5
    return images, ill[:, None]


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, ill = scans()
    weights = torch.where(ill[:, 0] > 0, 99.0, 1.0) if args.fixed else torch.ones(len(ill))
    sampler = WeightedRandomSampler(weights.tolist(), num_samples=32 * args.steps)
    loader = DataLoader(TensorDataset(images, ill), batch_size=32, sampler=sampler)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 25, 1),
    )
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
