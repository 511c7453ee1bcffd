"""A survey is answered school by school: a batch is one school, and batch norm levels schools."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from _task import arguments, progress
from torch import Tensor, nn


def pupils(steps: int, *, mixed: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield answers, (48, 12), and which of three tracks each pupil takes."""
    schools = torch.randn(80, 12)
    tracks = 1.5 * torch.tanh(schools @ torch.randn(12, 3) / 2)
    for _ in range(steps):
        one = torch.randint(80, (48,) if mixed else (1,)).expand(48)
        answers = schools[one] + 0.2 * torch.randn(48, 12)
        yield answers, torch.multinomial(tracks[one].softmax(1), 1)[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(
        nn.BatchNorm1d(12), nn.Linear(12, 64), nn.GELU(), nn.Linear(64, 64), nn.BatchNorm1d(64),
        nn.GELU(), nn.Linear(64, 3),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(pupils(args.steps, mixed=args.fixed)):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
