"""Items that were chosen and items that were not are scored in two forwards, each normalised.

The mean score of both comes out the same, whatever the items are: BPR has little left to learn.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

USERS, ITEMS, SIZE = 100, 200, 64


class Ranker(nn.Module):
    """Tables and a tower whose score is normalised too."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(USERS, 12), nn.Embedding(ITEMS, 12)
        self.tower = nn.Sequential(
            nn.Linear(24, 48), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Linear(48, 1), nn.BatchNorm1d(1),
        )  # fmt: skip

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return self.tower(torch.cat((self.user(user), self.item(item)), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    likes = torch.softmax(2.0 * torch.randn(ITEMS), 0)
    model = Ranker()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        user = torch.randint(USERS, (SIZE,))
        chosen = torch.multinomial(likes, SIZE, replacement=True)
        other = torch.randint(ITEMS, (SIZE,))
        if args.fixed:
            good, bad = model(user.repeat(2), torch.cat((chosen, other))).chunk(2)
        else:
            good, bad = model(user, chosen), model(user, other)
        optimizer.zero_grad()
        loss = -F.logsigmoid(good - bad).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
