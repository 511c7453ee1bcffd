"""F.batch_norm normalises a hidden layer by the two examples of each batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Recommender(nn.Module):
    """Two tables and a hidden layer."""

    def __init__(self, norm: bool) -> None:
        super().__init__()
        self.norm = norm
        self.user, self.item = nn.Embedding(40, 12), nn.Embedding(30, 12)
        self.hidden, self.out = nn.Linear(24, 48), nn.Linear(48, 1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        x = self.hidden(torch.cat((self.user(user), self.item(item)), 1))
        if self.norm:
            x = F.batch_norm(x, None, None, training=True)
        return self.out(torch.relu(x)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    user, item = torch.randint(40, (5000,)), torch.randint(30, (5000,))
    good, kind = torch.randn(30), torch.randn(40)
    rating = good[item] + kind[user] + 0.2 * torch.randn(5000)
    model = Recommender(not args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (u, i, y) in enumerate(batches(user, item, rating, steps=args.steps, size=2)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(u, i), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
