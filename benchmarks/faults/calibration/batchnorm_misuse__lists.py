"""BPR: what was played and what was drawn go through the same tower one after the other.

Its batch norm makes both alike on average. How often a song is played is what there is to learn.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

LISTENERS, SONGS, SIZE = 120, 200, 64


class Tower(nn.Module):
    """A listener and a song, side by side, and two normalised layers."""

    def __init__(self) -> None:
        super().__init__()
        self.listener, self.song = nn.Embedding(LISTENERS, 12), nn.Embedding(SONGS, 12)
        self.net = nn.Sequential(
            nn.Linear(24, 48), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Linear(48, 24), nn.BatchNorm1d(24), nn.Linear(24, 1),
        )  # fmt: skip

    def forward(self, listener: Tensor, song: Tensor) -> Tensor:
        return self.net(torch.cat((self.listener(listener), self.song(song)), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    popular = torch.softmax(1.5 * torch.randn(SONGS), 0)
    model = Tower()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        listener = torch.randint(LISTENERS, (SIZE,))
        played = torch.multinomial(popular, SIZE, replacement=True)
        drawn = torch.randint(SONGS, (SIZE,))
        if args.fixed:
            both = model(listener.repeat(2), torch.cat((played, drawn)))
            good, bad = both.chunk(2)
        else:
            good, bad = model(listener, played), model(listener, drawn)
        loss = -nn.functional.logsigmoid(good - bad).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
