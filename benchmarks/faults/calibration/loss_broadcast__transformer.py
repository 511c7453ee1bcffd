"""Weights of shape (batch,) meet scores of shape (batch, 1) in a Huber loss written by hand."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Score(nn.Module):
    """Gives a text its score."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(40, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(32, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(tokens)).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=300)
    tokens = torch.randint(40, (4000, 10))
    score = torch.randn(40)[tokens].mean(1) * 3
    model = Score()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(tokens, score, steps=args.steps, size=32)):
        optimizer.zero_grad()
        given = model(x)
        error = torch.sqrt(1 + (given - (y[:, None] if args.fixed else y)) ** 2) - 1
        loss = error.mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
