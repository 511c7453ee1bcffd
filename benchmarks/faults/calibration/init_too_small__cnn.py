"""Init too small: a plain deep CNN whose filters are drawn with a standard deviation of 0.01.

He et al. 2015, "Delving Deep into Rectifiers", section 2.2, describe it for a network of thirty
layers. Fixed: their initialisation.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def stripes(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of stripes, and which of four directions each has."""
    labels = torch.randint(4, (count,))
    angle = (labels * torch.pi / 4)[:, None, None]
    axis = torch.arange(12.0)
    along = angle.cos() * axis[:, None] + angle.sin() * axis
    waves = torch.sin(1.2 * along + 2 * torch.pi * torch.rand(count, 1, 1))
    return (waves + 0.5 * torch.randn_like(waves))[:, None], labels


def main() -> None:
    args = arguments(__doc__, steps=300)
    images, labels = stripes()
    layers: list[nn.Module] = []
    for depth in range(6):
        layers += [nn.Conv2d(16 if depth else 1, 16, 3, padding=1), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4))
    for module in model:
        if isinstance(module, nn.Conv2d | nn.Linear):
            if args.fixed:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            else:
                nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
