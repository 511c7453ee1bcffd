"""Both tables of a factorisation start at zero, so each is the other's reason never to move."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn


class MatrixFactorization(nn.Module):
    def __init__(self, n_users: int, n_items: int, n_factors: int, std: float) -> None:
        super().__init__()
        self.user_factors = nn.Embedding(n_users, n_factors)
        self.item_factors = nn.Embedding(n_items, n_factors)
        self.mean = nn.Parameter(torch.zeros(1))
        for table in (self.user_factors, self.item_factors):
            nn.init.constant_(table.weight, 0.0)
            if std:
                nn.init.normal_(table.weight, std=std)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return self.mean + (self.user_factors(user) * self.item_factors(item)).sum(dim=-1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = MatrixFactorization(150, 80, 12, std=0.3 if args.fixed else 0.0)
    loss_func = nn.MSELoss()
    opt = torch.optim.Adam(model.parameters(), lr=2e-2)
    for step, (user, item, rating) in enumerate(batches(*ratings(), steps=args.steps, size=128)):
        loss = loss_func(model(user, item), rating)
        opt.zero_grad()
        loss.backward()
        opt.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
