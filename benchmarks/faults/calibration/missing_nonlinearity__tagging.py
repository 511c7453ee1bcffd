"""A tagger of two convolutions over words has no activation: it adds up what neighbours say."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS = 40, 4


class Tagger(nn.Module):
    def __init__(self, activate: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 24)
        self.near = nn.Conv1d(24, 48, 3, padding=1)
        self.wide = nn.Conv1d(48, 48, 3, padding=1)
        self.tag = nn.Linear(48, TAGS)
        self.activate = torch.relu if activate else (lambda x: x)

    def forward(self, words: Tensor) -> Tensor:
        x = self.embed(words).transpose(1, 2)
        x = self.activate(self.near(x))
        x = self.activate(self.wide(x))
        return self.tag(x.transpose(1, 2))


def text(count: int, length: int = 14) -> tuple[Tensor, Tensor]:
    """Return words and tags: a word's tag depends on whether the word before is of its kind."""
    words = torch.randint(WORDS, (count, length))
    kind = torch.randint(2, (WORDS,))[words]
    before = torch.cat((kind[:, :1], kind[:, :-1]), 1)
    return words, 2 * (kind ^ before) + (words % 2)


def main() -> None:
    args = arguments(__doc__, steps=350)
    model = Tagger(args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    for step, (x, y) in enumerate(batches(*text(2000), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x).reshape(-1, TAGS), y.reshape(-1))
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
