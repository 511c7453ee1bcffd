"""Saturated activation: embeddings of two hundred words are added up and go into tanh layers.

Fixed: their mean goes into a normalisation first.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH = 500, 200


def texts(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return texts of words, and which of two lists of words is in each more often than chance."""
    labels = torch.randint(2, (count,))
    words = torch.randint(WORDS, (count, LENGTH))
    marked = torch.rand(count, LENGTH) < 0.1
    return torch.where(marked, words % 40 + 40 * labels[:, None], words), labels


class Classifier(nn.Module):
    """A bag of words."""

    def __init__(self, *, fixed: bool) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(WORDS, 64, mode="mean" if fixed else "sum")
        self.norm = nn.LayerNorm(64) if fixed else nn.Identity()
        self.top = nn.Sequential(
            nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2)
        )

    def forward(self, words: Tensor) -> Tensor:
        return self.top(self.norm(self.bag(words)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    words, labels = texts()
    model = Classifier(fixed=args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step, (x, y) in enumerate(batches(words, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
