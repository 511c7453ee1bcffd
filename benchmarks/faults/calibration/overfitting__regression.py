"""A wide network through sixty noisy measurements: it ends up going through every one of them."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def measurements(count: int) -> tuple[Tensor, Tensor]:
    x = torch.rand(count, 5) * 4 - 2
    return x, torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] + 0.5 * torch.randn(count, 1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    x_train, y_train = measurements(12_000 if args.fixed else 60)
    x_test, y_test = measurements(1000)
    model = nn.Sequential(
        nn.Linear(5, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(x_train, y_train, steps=args.steps, size=20)):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 30 == 29:
            with torch.no_grad():
                test_loss = loss_fn(model(x_test), y_test).item()
            print(f"           test {test_loss:.4f}")


if __name__ == "__main__":
    main()
