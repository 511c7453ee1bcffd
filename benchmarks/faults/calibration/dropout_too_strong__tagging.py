"""nn.LSTM is built with dropout=0.95 between its three layers."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Tagger(nn.Module):
    """A tag for each word."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.words = nn.Embedding(40, 24)
        self.lstm = nn.LSTM(24, 32, num_layers=3, dropout=drop, batch_first=True)
        self.tags = nn.Linear(32, 5)

    def forward(self, words: Tensor) -> Tensor:
        return self.tags(self.lstm(self.words(words))[0])


def main() -> None:
    args = arguments(__doc__, steps=400)
    words = torch.randint(40, (3000, 10))
    before = torch.cat((words[:, :1], words[:, :-1]), 1)
    tags = (words + (before < 20)) % 5
    model = Tagger(0.1 if args.fixed else 0.95)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(words, tags, steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
