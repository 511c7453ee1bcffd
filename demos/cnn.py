"""A small CNN with batch norm learns to tell noisy shapes apart.

A healthy training: convolutions, BatchNorm, SGD with momentum and weight decay. The images are
drawn in code: one of five shapes at a random place and size, under noise.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import torch
from torch import Tensor, nn

SIDE = 20
SHAPES = ("disc", "ring", "square", "cross", "stripes")


def draw(count: int) -> tuple[Tensor, Tensor]:
    """Return images, (count, 1, SIDE, SIDE), and the index of the shape on each."""
    axis = torch.arange(SIDE, dtype=torch.float32)
    centre = 6 + 8 * torch.rand(2, count, 1, 1)
    size = 4 + 2 * torch.rand(count, 1, 1)
    down = axis[None, :, None] - centre[0]
    right = axis[None, None, :] - centre[1]
    radius = (down**2 + right**2).sqrt()
    box = torch.maximum(down.abs(), right.abs()) < size
    pictures = (
        radius < size,
        (radius < size) & (radius > size - 2),
        box,
        (torch.minimum(down.abs(), right.abs()) < 1.2) & box,
        (down.remainder(4) < 2) & box,
    )
    labels = torch.randint(len(SHAPES), (count,))
    images = torch.stack(pictures).float()[labels, torch.arange(count)]
    return (images + 0.4 * torch.randn_like(images))[:, None], labels


def build() -> nn.Sequential:
    """Return three convolutions with batch norm, pooled into a linear head."""
    widths = (1, 16, 32, 32)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 2 * 2, len(SHAPES)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.05)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    model = build()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    for step in range(args.steps):
        images, labels = draw(args.batch)
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        if step % 50 == 0 or step == args.steps - 1:
            right = (logits.argmax(1) == labels).float().mean().item()
            print(f"step {step:4d}  loss {loss.item():.3f}  right {right:.0%}", flush=True)


if __name__ == "__main__":
    main()
