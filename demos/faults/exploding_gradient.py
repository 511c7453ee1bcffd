"""A recurrent network reads sixty numbers, and nothing bounds the gradient on its way back.

Its state is multiplied by the same matrix sixty times, which begins as the identity: as soon as
that has grown by a tenth, gradients are hundreds of times as large. Fixed: they are clipped.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 60


def additions(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return sequences, (count, 60, 2), and the sum of the two numbers that are marked in each."""
    numbers, marks = torch.rand(count, LENGTH), torch.zeros(count, LENGTH)
    marks.scatter_(1, torch.rand(count, LENGTH).topk(2, 1).indices, 1.0)
    return torch.stack((numbers, marks), 2), (numbers * marks).sum(1, keepdim=True)


class Adder(nn.Module):
    """Reads a sequence, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 64, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(64, 1)
        nn.init.eye_(self.rnn.weight_hh_l0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    sequences, sums = additions()
    model = Adder()
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step, (x, y) in enumerate(batches(sequences, sums, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
