"""Exploding gradient: an Elman network of two layers over long sequences of numbers, regression.

Its matrices are drawn with twice the gain that keeps the size of a gradient. Fixed: orthogonal
matrices, and clipping.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 60


class Reader(nn.Module):
    """Reads a sequence, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 32, num_layers=2, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=300)
    x = torch.randn(2000, LENGTH, 2)
    y = x[:, -8:, 0].mean(1, keepdim=True) * 3
    model = Reader()
    for matrix in (model.rnn.weight_hh_l0, model.rnn.weight_hh_l1):
        if args.fixed:
            nn.init.orthogonal_(matrix)
        else:
            nn.init.normal_(matrix, std=2 / 32**0.5)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
