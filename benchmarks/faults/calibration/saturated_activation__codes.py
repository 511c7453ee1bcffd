"""Hash codes of users and songs are the tanh of fifty times their embeddings; BPR compares them.

Meant to make codes binary, it leaves tables without a gradient from the start. Fixed: times one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

USERS, SONGS, BITS = 120, 200, 16


class Hashed(nn.Module):
    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta
        self.user, self.song = nn.Embedding(USERS, BITS), nn.Embedding(SONGS, BITS)

    def forward(self, user: Tensor, song: Tensor) -> Tensor:
        a = torch.tanh(self.beta * self.user(user))
        b = torch.tanh(self.beta * self.song(song))
        return (a * b).sum(1) / 4


def main() -> None:
    args = arguments(__doc__, steps=800)
    likes = torch.randn(USERS, 3) @ torch.randn(3, SONGS)
    model = Hashed(1.0 if args.fixed else 50.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(args.steps):
        user, pair = torch.randint(USERS, (128,)), torch.randint(SONGS, (128, 2))
        order = likes[user[:, None], pair].argsort(1, descending=True)
        good, bad = pair.gather(1, order).unbind(1)
        loss = -F.logsigmoid(model(user, good) - model(user, bad)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
