"""Clicks by two towers: the article's ends in a tanh of features in cents, and is a code for good.

The shopper's tower is a table, and what most like is learned beside. Fixed: features in euros.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SHOPPERS, ARTICLES, FEATURES, DIM = 200, 300, 12, 16


class Shop(nn.Module):
    def __init__(self, features: Tensor, unit: float) -> None:
        super().__init__()
        self.unit, self.features = unit, features
        self.shopper, self.article = nn.Embedding(SHOPPERS, DIM), nn.Linear(FEATURES, DIM)
        self.liked = nn.Embedding(ARTICLES, 1)

    def forward(self, shopper: Tensor, article: Tensor) -> Tensor:
        code = torch.tanh(self.article(self.unit * self.features[article]))
        return (self.shopper(shopper) * code).sum(1) / 4 + self.liked(article)[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=900)
    features = torch.randn(ARTICLES, FEATURES)
    shopper, article = torch.randint(SHOPPERS, (16000,)), torch.randint(ARTICLES, (16000,))
    taste = torch.randn(SHOPPERS, 2)
    score = 2 * (taste[shopper] * features[article, :2]).sum(1) + torch.randn(ARTICLES)[article]
    clicked = torch.bernoulli(torch.sigmoid(2 * score))
    clicks = shopper, article, clicked
    model = Shop(features, 1.0 if args.fixed else 100.0)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (s, a, y) in enumerate(batches(*clicks, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(s, a), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
