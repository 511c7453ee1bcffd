"""What a user thinks of a film comes of gates by the user on what the film has: half shut for good.

Gates are of 150 times their table, to be open or shut. Fixed: of the table as it is.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, FILMS, TRAITS = 250, 120, 24


class Moods(nn.Module):
    def __init__(self, sharp: float) -> None:
        super().__init__()
        self.mood, self.film = nn.Embedding(USERS, TRAITS), nn.Embedding(FILMS, TRAITS)
        self.head = nn.Linear(TRAITS, 1)
        self.sharp = sharp

    def forward(self, user: Tensor, film: Tensor) -> Tensor:
        return self.head(torch.sigmoid(self.sharp * self.mood(user)) * self.film(film))


def main() -> None:
    args = arguments(__doc__, steps=900)
    user, film = torch.randint(USERS, (15000,)), torch.randint(FILMS, (15000,))
    taste, traits = torch.randn(USERS, 4), torch.randn(FILMS, 4)
    score = 0.7 * (taste[user] * traits[film]).sum(1) + torch.randn(FILMS)[film]
    rating = (score + 0.3 * torch.randn(15000))[:, None]
    model = Moods(1.0 if args.fixed else 150.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (u, f, y) in enumerate(batches(user, film, rating, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, f), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
