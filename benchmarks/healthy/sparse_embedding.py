"""Matrix factorisation with sparse embeddings: every step touches a few rows of large tables."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Ratings(nn.Module):
    """A rating is the product of a user's and a film's row."""

    def __init__(self, users: int, films: int) -> None:
        super().__init__()
        self.users = nn.Embedding(users, 8, sparse=True)
        self.films = nn.Embedding(films, 8, sparse=True)
        nn.init.normal_(self.users.weight, std=0.3)
        nn.init.normal_(self.films.weight, std=0.3)

    def forward(self, user: Tensor, film: Tensor) -> Tensor:
        return (self.users(user) * self.films(film)).sum(1)


def main() -> None:
    args = arguments(__doc__, steps=1500)
    users, films = torch.randn(2000, 2), torch.randn(300, 2)
    user, film = torch.randint(2000, (60000,)), torch.randint(300, (60000,))
    rating = (users[user] * films[film]).sum(1)
    model = Ratings(2000, 300)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SparseAdam(model.parameters(), lr=2e-2)
    for step, (u, f, r) in enumerate(batches(user, film, rating, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, f), r)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
