"""A ReLU network that starts as the identity, over fifty steps: one step makes it multiply.

The network of Le, Jaitly and Hinton 2015, without the clipping that they train it with.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 50


class Counter(nn.Module):
    """Reads numbers, answers in which of three ranges the sum of them lies."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 40, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(40, 3)
        nn.init.eye_(self.rnn.weight_hh_l0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(3000, LENGTH, 2)
    total = x[:, :, 0].sum(1) / LENGTH**0.5
    model, y = Counter(), (total > -0.5).long() + (total > 0.5).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), target)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
