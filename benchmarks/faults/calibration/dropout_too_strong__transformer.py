"""A transformer encoder with dropout 0.9 in every sublayer."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 32)
        self.places = nn.Parameter(0.1 * torch.randn(10, 32))
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(32, 4))

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.encoder(self.words(words) + self.places).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=400)
    words = torch.randint(20, (3000, 10))
    labels = words.remainder(4).mode(1).values
    model = Classifier(0.1 if args.fixed else 0.9)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(words, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
