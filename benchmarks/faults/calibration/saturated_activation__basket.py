"""A basket's items are added up and multiplied by the item at hand, and a tanh takes the products.

Sums of 256 embeddings are sixteen times as large as one, and pin it. Fixed: their mean.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

ITEMS, GROUPS, BASKET, DIM = 40, 8, 256, 24


class Basket(nn.Module):
    """Whether an item is put into a basket, by its products with what is in there."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.inside = nn.EmbeddingBag(ITEMS, DIM, mode=mode)
        self.item = nn.Embedding(ITEMS, DIM)
        self.head = nn.Linear(DIM, 1)
        nn.init.normal_(self.item.weight, std=2.0)

    def forward(self, basket: Tensor, item: Tensor) -> Tensor:
        return self.head(torch.tanh(self.inside(basket) * self.item(item)))[:, 0]


def baskets(count: int = 4000) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is in each, (count, 256), an item, and whether it goes with most of them."""
    group = torch.randint(GROUPS, (count, 1))
    mixed = torch.where(torch.rand(count, BASKET) < 0.8, group, torch.randint(GROUPS, (count, 1)))
    basket = mixed + GROUPS * torch.randint(ITEMS // GROUPS, (count, BASKET))
    suits = torch.rand(count) < 0.5
    item = torch.where(suits, group[:, 0], torch.randint(GROUPS, (count,)))
    item = item + GROUPS * torch.randint(ITEMS // GROUPS, (count,))
    return basket, item, suits.float()


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Basket("mean" if args.fixed else "sum")
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    for step, (basket, item, y) in enumerate(batches(*baskets(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(basket, item), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
