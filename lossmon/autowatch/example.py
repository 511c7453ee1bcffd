"""The training of `lossmon demo`: an ordinary script that knows nothing of lossmon.

Twelve layers of sigmoids, each of which passes back at most a quarter of the gradient it is given:
the first ones learn nothing. `--fixed`: ReLU, and the initialisation that goes with it.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn

WIDTH, CLASSES, DEPTH, BATCH = 48, 4, 12, 64


def clusters(count: int) -> tuple[Tensor, Tensor]:
    """Return points around two centres of each class, and their classes."""
    centres = 2 * torch.randn(2 * CLASSES, WIDTH)
    which = torch.randint(len(centres), (count,))
    return centres[which] + torch.randn(count, WIDTH), which % CLASSES


def build(*, fixed: bool) -> nn.Sequential:
    """Return a deep, narrow classifier."""
    layers: list[nn.Module] = []
    for _ in range(DEPTH):
        linear = nn.Linear(WIDTH, WIDTH)
        if fixed:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.ReLU() if fixed else nn.Sigmoid()]  # the fault
    return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))


def main() -> None:
    """Train; print the loss now and then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # more only wait for each other, over tensors as small as these
    points, labels = clusters(2048)
    model, criterion = build(fixed=args.fixed), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(args.steps):
        batch = torch.randint(len(points), (BATCH,))
        optimizer.zero_grad()
        loss = criterion(model(points[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        if step % max(1, args.steps // 8) == 0 or step == args.steps - 1:
            print(f"step {step:5d}  loss {loss.item():.4f}", flush=True)


if __name__ == "__main__":
    main()
