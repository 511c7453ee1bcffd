"""A batch is one visitor's offers, and the score itself is batch-normalised before its sigmoid.

How many of the offers are taken is up to the visitor; the mean score of a batch is always the same.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn


class Offers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.who, self.what = nn.Embedding(80, 12), nn.Embedding(60, 12)
        self.bias = nn.Embedding(80, 1)
        self.net = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 1))
        self.norm = nn.BatchNorm1d(1)

    def forward(self, who: Tensor, what: Tensor) -> Tensor:
        x = torch.cat((self.who(who), self.what(what)), 1)
        return self.norm(self.net(x) + self.bias(who)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    keen, worth = 1.5 * torch.randn(80), 0.4 * torch.randn(60)
    model = Offers()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        who = torch.randint(80, (32,) if args.fixed else (1,)).expand(32)
        what = torch.randint(60, (32,))
        taken = torch.bernoulli(torch.sigmoid(keen[who] + worth[what]))
        loss = criterion(model(who, what), taken)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
