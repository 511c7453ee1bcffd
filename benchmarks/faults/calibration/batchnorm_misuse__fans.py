"""BPR of one fan a batch, whose features go through batch norm beside those of two songs.

They are the same in all rows of a batch, and 0 behind it: there is no taste to go by.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

FANS, SIZE = 100, 40


class Score(nn.Module):
    """Normalised features of a fan and a song, and two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.first = nn.BatchNorm1d(10), nn.Linear(10, 64)
        self.second, self.out = nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, fan: Tensor, song: Tensor) -> Tensor:
        x = self.norm(torch.cat((fan, song), 1))
        return self.out(torch.relu(self.second(torch.relu(self.first(x)))))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=600)
    fans = torch.randn(FANS, 5) + 1
    model = Score()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for step in range(args.steps):
        fan = fans[torch.randint(FANS, (SIZE,) if args.fixed else (1,)).expand(SIZE)]
        one, other = torch.randn(2, SIZE, 5)
        likes = ((fan - 1) * (one - other)).sum(1) + torch.randn(SIZE) > 0
        good, bad = torch.where(likes[:, None], one, other), torch.where(likes[:, None], other, one)
        scores = model(fan.repeat(2, 1), torch.cat((good, bad)))
        loss = nn.functional.softplus(scores[SIZE:] - scores[:SIZE]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
