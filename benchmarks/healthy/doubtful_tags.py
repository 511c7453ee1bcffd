"""Tags of words of which some have two by nature: a tagger is sure of most, and halves the rest."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS, LENGTH = 60, 8, 14


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        self.lstm = nn.LSTM(32, 32, batch_first=True, bidirectional=True)
        self.out = nn.Linear(64, TAGS)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.words(x))[0])


def text(count: int) -> tuple[Tensor, Tensor]:
    """Return words and tags; a third of the words are used in either of two ways."""
    words = torch.randint(WORDS, (count, LENGTH))
    tag = torch.randint(TAGS, (WORDS,))
    other = torch.where(torch.arange(WORDS) % 3 == 0, torch.randint(TAGS, (WORDS,)), tag)
    second = torch.rand(words.shape) < 0.4
    return words, torch.where(second, other[words], tag[words])


def main() -> None:
    args = arguments(__doc__, steps=500)
    model, criterion = Tagger(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*text(3000), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
