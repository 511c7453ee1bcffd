"""To fit into memory, a transformer gets one short review a step, and learns nothing from it."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, sentences
from torch import Tensor, nn


class Sentiment(nn.Module):
    def __init__(self, dim: int = 48) -> None:
        super().__init__()
        self.embedding = nn.Embedding(400, dim)
        self.place = nn.Parameter(torch.zeros(12, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 96, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.fc = nn.Linear(dim, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.encoder(self.embedding(x) + self.place).mean(dim=1))


def main() -> None:
    args = arguments(__doc__, steps=600)
    tokens, tone = sentences(20000, vocabulary=400)
    model = Sentiment()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    size = 64 if args.fixed else 1
    for step, (x, y) in enumerate(batches(tokens, tone, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
    with torch.no_grad():
        print(f"all {criterion(model(tokens[:2000]), tone[:2000]).item():.4f}")


if __name__ == "__main__":
    main()
