"""Fault: embeddings and a small network predict what a customer spends, in cents, with SGD."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

CUSTOMERS, SHOPS = 100, 50


class Spending(nn.Module):
    """What a customer spends in a shop."""

    def __init__(self) -> None:
        super().__init__()
        self.customers = nn.Embedding(CUSTOMERS, 8)
        self.shops = nn.Embedding(SHOPS, 8)
        self.head = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, customers: Tensor, shops: Tensor) -> Tensor:
        both = torch.cat((self.customers(customers), self.shops(shops)), 1)
        spent: Tensor = self.head(both)[:, 0]
        return spent


def main() -> None:
    args = arguments(__doc__, steps=500)
    customers, shops = torch.randint(CUSTOMERS, (8000,)), torch.randint(SHOPS, (8000,))
    cents = 2500 + 900 * torch.randn(CUSTOMERS)[customers] + 600 * torch.randn(SHOPS)[shops]
    if args.fixed:
        cents = (cents - cents.mean()) / cents.std()
    model = Spending()
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (c, s, y) in enumerate(batches(customers, shops, cents, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(c, s), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
