"""A batch is one film and the people who rated it: the film's normalised features are gone.

What remains tells how people rate on average, which is the same for all. Fixed: films are mixed.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

PEOPLE, FILMS, SIZE = 60, 80, 40


class Ratings(nn.Module):
    """Features of a film, normalised, with somebody's embedding through two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.person = nn.Embedding(PEOPLE, 12)
        self.film = nn.Sequential(nn.Linear(10, 12), nn.BatchNorm1d(12))
        self.net = nn.Sequential(nn.Linear(36, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, person: Tensor, film: Tensor) -> Tensor:
        a, b = self.person(person), self.film(film)
        return self.net(torch.cat((a, b, a * b), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    features, taste = torch.randn(FILMS, 10), torch.randn(PEOPLE, 2)
    style = features @ torch.randn(10, 2) / 3
    model = Ratings()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(args.steps):
        film = torch.randint(FILMS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        person = torch.randint(PEOPLE, (SIZE,))
        rating = (taste[person] * style[film]).sum(1) + 0.2 * torch.randn(SIZE)
        optimizer.zero_grad()
        loss = criterion(model(person, features[film]), rating)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
