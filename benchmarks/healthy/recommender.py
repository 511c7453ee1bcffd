"""Tables of users and films: the training loss goes far below that of films not yet rated.

Each user has rated few films, so the two losses part as they always do in such models; validation
stays near its best, and ends far below a constant prediction.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, FILMS, WIDTH = 300, 200, 16


class Ratings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.users, self.films = nn.Embedding(USERS, WIDTH), nn.Embedding(FILMS, WIDTH)
        self.means = nn.Embedding(USERS, 1)
        for table in (self.users, self.films, self.means):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, users: Tensor, films: Tensor) -> Tensor:
        return (self.users(users) * self.films(films)).sum(1) + self.means(users).squeeze(1)


def ratings(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return who rated which film, and how: tastes in six directions, a habit, and chance."""
    users, films = torch.randint(USERS, (count,)), torch.randint(FILMS, (count,))
    tastes, traits = torch.randn(USERS, 6) / 2, torch.randn(FILMS, 6)
    habit = 0.7 * torch.randn(USERS)[users]
    return users, films, (tastes[users] * traits[films]).sum(1) + habit + 0.4 * torch.randn(count)


def main() -> None:
    args = arguments(__doc__, steps=1600)
    users, films, stars = ratings(12000)
    model, criterion = Ratings(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    known = slice(0, 11000)
    train = batches(users[known], films[known], stars[known], steps=args.steps, size=128)
    for step, (u, f, y) in enumerate(train):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(u, f), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 100 == 99:
            model.eval()
            with torch.no_grad():
                criterion(model(users[11000:], films[11000:]), stars[11000:])


if __name__ == "__main__":
    main()
