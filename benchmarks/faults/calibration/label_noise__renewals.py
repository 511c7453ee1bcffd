"""Who renews a contract; half were asked about somebody else's. New customers are held out."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def customers(count: int, astray: float) -> tuple[Tensor, Tensor]:
    """Return sixteen features of customers, and whether they say that they renew."""
    x = torch.randn(count, 16)
    push = x[:, 0] + 0.8 * x[:, 1] * x[:, 2] - 0.8 * x[:, 3].abs()
    renews = (push > push.median()).float()
    return x, torch.where(torch.rand(count) < astray, renews.roll(1), renews)[:, None]


def main() -> None:
    args = arguments(__doc__, steps=700)
    astray = 0.0 if args.fixed else 0.5
    (x, renews), (new, new_renews) = customers(3000, astray), customers(1500, astray)
    model = nn.Sequential(
        nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (inputs, labels) in enumerate(batches(x, renews, steps=args.steps, size=50)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 35 == 34:
            model.eval()
            with torch.no_grad():
                print(f"           new customers {criterion(model(new), new_renews):.4f}")


if __name__ == "__main__":
    main()
