"""One review a step at the rate of a recipe for sixty-four; `--fixed` takes 32."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def reviews(count: int = 6000, words: int = 100) -> tuple[Tensor, Tensor]:
    """Return reviews of sixteen words, and which of three verdicts they come to, with noise."""
    tokens = torch.randint(words, (count, 16))
    weight = torch.randn(words, 3)
    return tokens, (weight[tokens].sum(1) + 0.5 * torch.randn(count, 3)).argmax(1)


class Reader(nn.Module):
    def __init__(self, words: int = 100, dim: int = 48) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 96, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.head = nn.Linear(dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embedding(x)).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=900)
    tokens, verdict = reviews()
    model, criterion = Reader(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    size = 32 if args.fixed else 1
    steps = args.steps // 2 if args.fixed else args.steps
    for step, (x, y) in enumerate(batches(tokens, verdict, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
