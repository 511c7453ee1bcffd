"""A batch is what one listener rated: batch norm takes away whether they like much or little."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn


class Playlists(nn.Module):
    """Tables of listeners and songs, and a tower of two layers, each normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.who, self.song = nn.Embedding(150, 16), nn.Embedding(300, 16)
        self.tower = nn.Sequential(
            nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, who: Tensor, song: Tensor) -> Tensor:
        return self.tower(torch.cat((self.who(who), self.song(song)), 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=700)
    generous, taste = 0.9 * torch.randn(150), torch.randn(150, 4) / 2
    good, style = 0.2 * torch.randn(300), torch.randn(300, 4) / 2
    model = Playlists()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        who = torch.randint(150, (64,) if args.fixed else (1,)).expand(64)
        song = torch.randint(300, (64,))
        stars = generous[who] + good[song] + (taste[who] * style[song]).sum(1)
        stars = stars + 0.2 * torch.randn(64)
        optimizer.zero_grad()
        loss = criterion(model(who, song), stars)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
