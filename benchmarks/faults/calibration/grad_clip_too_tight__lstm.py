"""Gradient clipping too tight: an LSTM whose gradient is clipped to a norm of 0.0001.

Fixed: to a norm of 1.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Reader(nn.Module):
    """Reads a sequence, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(2, 48, batch_first=True)
        self.head = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=300)
    x = torch.randn(3000, 16, 2)
    y = (x[:, -6:, 0].sum(1) / 2).clamp(-1.4, 1.4).round().long() + 1
    model = Reader()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0 if args.fixed else 1e-4)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
