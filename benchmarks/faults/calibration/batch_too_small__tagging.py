"""One sentence a step is twelve words, and still a batch of one; `--fixed` lowers the rate."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def sentences(count: int = 4000, words: int = 50, tags: int = 5) -> tuple[Tensor, Tensor]:
    """Return sentences, and tags that go by a word and the one before it, with noise."""
    x, weight = torch.randint(words, (count, 12)), 1.5 * torch.randn(words, tags)
    score = weight[x]
    score[:, 1:] += weight[x[:, :-1]].roll(1, 2)
    return x, (score + torch.randn(count, 12, tags)).argmax(2)


class Tagger(nn.Module):
    def __init__(self, words: int = 50, tags: int = 5) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 16)
        self.recurrent = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, tags)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding(x))[0])


def main() -> None:
    args = arguments(__doc__, steps=900)
    x, tags = sentences()
    model, criterion = Tagger(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3 if args.fixed else 2e-2)
    for step, (words, labels) in enumerate(batches(x, tags, steps=args.steps, size=1)):
        optimizer.zero_grad()
        loss = criterion(model(words).flatten(0, 1), labels.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
