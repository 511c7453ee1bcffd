"""Words and sentences of a language are to fit into two numbers: the width was meant to be 64."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS = 50, 9


class Tagger(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, dim)
        self.lstm = nn.LSTM(dim, dim, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * dim, TAGS)

    def forward(self, words: Tensor) -> Tensor:
        return self.tag(self.lstm(self.embed(words))[0])


def text(count: int, length: int = 12) -> tuple[Tensor, Tensor]:
    """Return words, and tags that follow from the word and the one before it."""
    words = torch.randint(WORDS, (count, length))
    kind = torch.randint(3, (WORDS,))[words]
    before = torch.cat((kind[:, :1], kind[:, :-1]), 1)
    return words, 3 * kind + before


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Tagger(64 if args.fixed else 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*text(2500), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
