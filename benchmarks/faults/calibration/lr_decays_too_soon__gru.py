"""Keras' old `decay`, lr / (1 + decay * step), is given 1 where a thousandth was meant."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Reader(nn.Module):
    """Reads a sentence, tells which of four moods it has."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(40, 16)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.gru(self.embed(words))[0].mean(1))


def sentences(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return sentences of fifteen words, and by which of four sets of words each is ruled."""
    words = torch.randint(40, (count, 15))
    weight = torch.randn(40, 4)
    return words, weight[words].sum(1).argmax(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    model = Reader()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    decay = 1e-3 if args.fixed else 1.0
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + decay * step))
    for step, (words, mood) in enumerate(batches(*sentences(), steps=args.steps)):
        loss = nn.functional.cross_entropy(model(words), mood)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
