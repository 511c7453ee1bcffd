"""Fault: nearly every token of the text has the tag "other", and the loss counts them all alike."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS, LENGTH, WIDTH = 200, 5, 16, 32
OTHER = 0


class Tagger(nn.Module):
    """One encoder layer over words, and a tag for each."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.encoder = nn.TransformerEncoderLayer(WIDTH, 4, 64, dropout=0.1, batch_first=True)
        self.tag = nn.Linear(WIDTH, TAGS)

    def forward(self, words: Tensor) -> Tensor:
        tags: Tensor = self.tag(self.encoder(self.words(words)))
        return tags


def text(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return sentences and their tags: a name is a rare word, of a kind, after another one."""
    words = torch.randint(WORDS, (count, LENGTH))
    before = torch.cat((words[:, :1], words[:, :-1]), 1)
    is_name = (words < 20) & (before % 10 == 0)
    return words, torch.where(is_name, 1 + words % (TAGS - 1), OTHER)


def main() -> None:
    args = arguments(__doc__, steps=450)
    words, tags = text()
    shares = tags.flatten().bincount(minlength=TAGS) / tags.numel()
    weight = 1 / (TAGS * shares) if args.fixed else None
    model = Tagger()
    criterion = nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x).reshape(-1, TAGS), y.reshape(-1))
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
