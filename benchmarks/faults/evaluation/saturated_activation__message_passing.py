"""Messages of about a hundred friends are added up, not averaged, and every sigmoid is pinned.

`--fixed` divides the friendships of everybody by their number.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

PEOPLE, CIRCLES = 360, 6


def network() -> tuple[Tensor, Tensor, Tensor]:
    """Return who is a friend of whom, what is known of each person, and the circle of each."""
    circle = torch.randint(CIRCLES, (PEOPLE,))
    likely = torch.where(circle[:, None] == circle, 0.7, 0.2)
    half = (torch.rand(PEOPLE, PEOPLE) < likely).float().triu(1)
    known = torch.randn(CIRCLES, 16)[circle] + 2.5 * torch.randn(PEOPLE, 16)
    return half + half.T, known / known.std(), circle


class Circles(nn.Module):
    def __init__(self, friends: Tensor, hidden: int = 48) -> None:
        super().__init__()
        self.friends = friends
        self.first = nn.Linear(16, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, hidden)
        self.circle = nn.Linear(hidden, CIRCLES)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = torch.sigmoid(self.friends @ self.second(x))
        x = torch.sigmoid(self.friends @ self.third(x))
        return self.circle(x)


def main() -> None:
    args = arguments(__doc__, steps=400)
    friends, known, circle = network()
    if args.fixed:
        friends = friends / friends.sum(1, keepdim=True)
    asked = torch.rand(PEOPLE) < 0.6
    model = Circles(friends)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-5)
    for step in range(args.steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(known)[asked], circle[asked])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
