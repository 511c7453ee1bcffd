"""A recurrent network over eighty steps whose matrix doubles what it is multiplied by.

On the way back the gradient is multiplied by it eighty times, and comes out ten thousand times too
large: the first step pins every unit. Fixed: an orthogonal matrix, and gradients that are clipped.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH, LAST = 80, 6


def walks(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return sequences, (count, 80, 2), and where the last six steps of each lead: 0, 1 or 2."""
    x = torch.randn(count, LENGTH, 2)
    return x, (x[:, -LAST:, 0].sum(1) / 2).clamp(-1.4, 1.4).round().long() + 1


class Reader(nn.Module):
    """Reads a sequence, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 48, batch_first=True)
        self.head = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    sequences, ends = walks()
    model = Reader()
    if args.fixed:
        nn.init.orthogonal_(model.rnn.weight_hh_l0)
    else:
        nn.init.normal_(model.rnn.weight_hh_l0, std=0.3)  # the fault
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for step, (x, y) in enumerate(batches(sequences, ends, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
