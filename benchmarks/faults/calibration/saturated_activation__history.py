"""A tanh over a user's last fifty items is pinned: they are added up, not averaged."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class NextItem(nn.Module):
    """What a user wants next, by what the user had before."""

    def __init__(self, items: int, average: bool) -> None:
        super().__init__()
        self.average = average
        self.items = nn.Embedding(items, 32)
        self.mix = nn.Linear(32, 48)
        self.out = nn.Linear(48, 8)

    def forward(self, history: Tensor) -> Tensor:
        taste = self.items(history)
        taste = taste.mean(1) if self.average else 20 * taste.sum(1)
        return self.out(torch.tanh(self.mix(taste)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    kind = torch.randint(8, (200,))
    history = torch.randint(200, (4000, 50))
    wanted = nn.functional.one_hot(kind[history], 8).float().sum(1)
    wanted = (wanted + torch.rand(4000, 8)).argmax(1)
    model = NextItem(200, args.fixed)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(history, wanted, steps=args.steps)):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
