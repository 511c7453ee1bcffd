"""ReduceLROnPlateau with no patience sees the loss of every batch; the tables are sparse."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, SONGS = 300, 200


class Factors(nn.Module):
    """What of each user goes with what of each song."""

    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.users = nn.Embedding(USERS, dim, sparse=True)
        self.songs = nn.Embedding(SONGS, dim, sparse=True)
        self.bias = nn.Embedding(SONGS, 1, sparse=True)
        for table in (self.users, self.songs):
            nn.init.normal_(table.weight, std=0.3)

    def forward(self, user: Tensor, song: Tensor) -> Tensor:
        both = (self.users(user) * self.songs(song)).sum(1)
        return both + self.bias(song).squeeze(1)


def plays(count: int = 30000) -> tuple[Tensor, Tensor, Tensor]:
    """Return who was played what, and whether they heard it to the end."""
    user, song = torch.randint(USERS, (count,)), torch.randint(SONGS, (count,))
    taste, style, hit = torch.randn(USERS, 3), torch.randn(SONGS, 3), torch.randn(SONGS)
    liking = (taste[user] * style[song]).sum(1) + hit[song]
    return user, song, torch.bernoulli(torch.sigmoid(2 * liking))


def main() -> None:
    args = arguments(__doc__, steps=800)
    model = Factors()
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=1e-2)
    patience = 150 if args.fixed else 0
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, patience=patience, factor=0.5, min_lr=1e-6
    )
    criterion = nn.BCEWithLogitsLoss()
    for step, (user, song, heard) in enumerate(batches(*plays(), steps=args.steps, size=256)):
        loss = criterion(model(user, song), heard)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step(loss.item())
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
