"""The last state of an LSTM is batch-normalised, and a batch has three gestures."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Gestures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 48, batch_first=True)
        self.head = nn.Sequential(
            nn.BatchNorm1d(48), nn.Linear(48, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 4)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def gestures(count: int) -> tuple[Tensor, Tensor]:
    """Return accelerations, (count, 24, 3), and which of four movements they are."""
    kind = torch.randint(4, (count,))
    time = torch.arange(24) / 4 + 6.28 * torch.rand(count, 1)
    swing = torch.sin(time * (1 + 0.5 * (kind % 2))[:, None])[:, :, None]
    axis = torch.tensor([[1.0, 0.3, 0.0], [0.0, 0.3, 1.0]])[kind // 2][:, None]
    return swing * axis + 0.3 * torch.randn(count, 24, 3), kind


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = Gestures()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    size = 48 if args.fixed else 3
    for step, (x, y) in enumerate(batches(*gestures(6000), steps=args.steps, size=size)):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
