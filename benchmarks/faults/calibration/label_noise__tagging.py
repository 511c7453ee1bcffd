"""An automatic tagger, wrong for half of the words, made the tags that a tagger learns from."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS = 80, 6


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 24)
        self.conv = nn.Conv1d(24, 64, 3, padding=1)
        self.tag = nn.Linear(64, TAGS)

    def forward(self, words: Tensor) -> Tensor:
        x = torch.relu(self.conv(self.embed(words).transpose(1, 2)))
        return self.tag(x.transpose(1, 2))


def text(count: int, length: int = 12) -> tuple[Tensor, Tensor]:
    """Return words, and tags that follow from the word and the one after it."""
    words = torch.randint(WORDS, (count, length))
    kind = torch.randint(TAGS, (WORDS,))[words]
    after = torch.cat((kind[:, 1:], kind[:, -1:]), 1)
    return words, (kind + (after == 0)) % TAGS


def main() -> None:
    args = arguments(__doc__, steps=400)
    words, tags = text(1500)
    guessed = torch.rand(tags.shape) < (0.0 if args.fixed else 0.5)
    tags = torch.where(guessed, torch.randint(TAGS, tags.shape), tags)
    model = Tagger()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x).transpose(1, 2), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
