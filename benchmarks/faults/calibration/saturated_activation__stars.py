"""Stars are five times the sigmoid of a product of embeddings that start at a deviation of 1.

Of 64 numbers each the product's deviation is 8, and most are beyond 5. Fixed: they start at 0.1.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, FILMS, DIM = 200, 150, 64


class Stars(nn.Module):
    def __init__(self, std: float) -> None:
        super().__init__()
        self.user, self.film = nn.Embedding(USERS, DIM), nn.Embedding(FILMS, DIM)
        nn.init.normal_(self.user.weight, std=std)
        nn.init.normal_(self.film.weight, std=std)

    def forward(self, user: Tensor, film: Tensor) -> Tensor:
        return 5 * torch.sigmoid((self.user(user) * self.film(film)).sum(1))


def main() -> None:
    args = arguments(__doc__, steps=700)
    user, film = torch.randint(USERS, (12000,)), torch.randint(FILMS, (12000,))
    score = torch.randn(USERS)[user] + torch.randn(FILMS)[film] + 0.3 * torch.randn(12000)
    stars = (5 * torch.sigmoid(score)).round().clamp(1, 5)
    model = Stars(0.1 if args.fixed else 1.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (u, f, y) in enumerate(batches(user, film, stars, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, f), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
