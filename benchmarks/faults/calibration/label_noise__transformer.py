"""A third of the sentiment labels is turned round, by annotators who did not read on."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH = 60, 10


class Sentiment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(32, 2)

    def forward(self, words: Tensor) -> Tensor:
        return self.out(self.encoder(self.words(words)).mean(1))


def reviews(count: int) -> tuple[Tensor, Tensor]:
    """Return reviews, and whether words of good tone outweigh the others."""
    words = torch.randint(WORDS, (count, LENGTH))
    tone = torch.randn(WORDS)[words].sum(1)
    return words, (tone > 0).long()


def main() -> None:
    args = arguments(__doc__, steps=500)
    words, good = reviews(4000)
    turned = torch.rand(len(good)) < (0.0 if args.fixed else 0.33)
    good = torch.where(turned, 1 - good, good)
    model, criterion = Sentiment(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    for step, (x, y) in enumerate(batches(words, good, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
