"""Batches are six sessions of one station each, and batch norm levels what stations play.

The next song is asked of every position: 48 songs, of which each station has its own.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

STATIONS, SONGS, LENGTH, SIZE = 12, 48, 10, 6


class Next(nn.Module):
    """A GRU over songs, and its states, normalised over all positions."""

    def __init__(self) -> None:
        super().__init__()
        self.song = nn.Embedding(SONGS, 16)
        self.norm1, self.gru = nn.BatchNorm1d(16), nn.GRU(16, 32, batch_first=True)
        self.norm2, self.out = nn.BatchNorm1d(32), nn.Linear(32, SONGS)

    def forward(self, songs: Tensor) -> Tensor:
        x = self.norm1(self.song(songs).transpose(1, 2)).transpose(1, 2)
        states = self.gru(x)[0]
        return self.out(self.norm2(states.flatten(0, 1)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    plays = torch.softmax(2.5 * torch.randn(STATIONS, SONGS), 1)
    model, criterion = Next(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        station = torch.randint(STATIONS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        songs = torch.multinomial(plays[station], LENGTH + 1, replacement=True)
        loss = criterion(model(songs[:, :-1]), songs[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
