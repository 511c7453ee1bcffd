"""How well a guest likes a dish: biases of both, and the product of tanh codes of four numbers.

Codes are the tanh of thirty times the tables, to be bits. Fixed: of the tables as they are.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

GUESTS, DISHES, DIM = 200, 120, 4


class Menus(nn.Module):
    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta
        self.guest, self.dish = nn.Embedding(GUESTS, DIM), nn.Embedding(DISHES, DIM)
        self.kind, self.good = nn.Embedding(GUESTS, 1), nn.Embedding(DISHES, 1)

    def forward(self, guest: Tensor, dish: Tensor) -> Tensor:
        taste = torch.tanh(self.beta * self.guest(guest))
        match = (taste * torch.tanh(self.beta * self.dish(dish))).sum(1)
        return match / 2 + (self.kind(guest) + self.good(dish))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=900)
    guest, dish = torch.randint(GUESTS, (12000,)), torch.randint(DISHES, (12000,))
    tastes, dishes = torch.randn(GUESTS, 3), torch.randn(DISHES, 3)
    likes = (tastes[guest] * dishes[dish]).sum(1) + 0.3 * torch.randn(12000)
    likes = likes + torch.randn(GUESTS)[guest] + torch.randn(DISHES)[dish]
    model = Menus(1.0 if args.fixed else 30.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (g, d, y) in enumerate(batches(guest, dish, likes, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(g, d), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
