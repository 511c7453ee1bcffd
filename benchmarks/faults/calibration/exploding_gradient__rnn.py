"""Exploding gradient: a tanh RNN drawn with the gain that is recommended for tanh, over long texts.

With a gain of 5/3 the state is chaotic: on the way back through a hundred steps the gradient grows
without bound. Fixed: an orthogonal matrix, and clipping.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 100


class Reader(nn.Module):
    """Reads a sequence, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 64, batch_first=True)
        self.head = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(2000, LENGTH, 2)
    y = (x[:, -8:, 0].sum(1) / 2).clamp(-1.4, 1.4).round().long() + 1
    model = Reader()
    if args.fixed:
        nn.init.orthogonal_(model.rnn.weight_hh_l0)
    else:
        nn.init.xavier_normal_(model.rnn.weight_hh_l0, gain=nn.init.calculate_gain("tanh"))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
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
