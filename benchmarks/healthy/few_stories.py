"""A small corpus read over and over: which word of a few comes next is learnt by heart at last."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, CHOICES = 40, 4


class Storyteller(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 32)
        self.gru = nn.GRU(32, 96, batch_first=True)
        self.head = nn.Linear(96, WORDS)

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.gru(self.embed(words))[0])


def stories(count: int, length: int = 17) -> Tensor:
    """Return texts in which each word is one of four that may follow the last."""
    follows = torch.randint(WORDS, (WORDS, CHOICES))
    words = [torch.randint(WORDS, (count,))]
    while len(words) < length:
        words.append(follows[words[-1], torch.randint(CHOICES, (count,))])
    return torch.stack(words, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    texts = stories(320)
    model, criterion = Storyteller(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (text,) in enumerate(batches(texts, steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(text[:, :-1]).transpose(1, 2), text[:, 1:])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
