"""Embeddings spread over the user-item graph by plain sums, not divided by the degrees."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn

USERS, ITEMS = 150, 80


def adjacency(user: Tensor, item: Tensor, *, normalise: bool) -> Tensor:
    """Return the square matrix that passes messages between users and items."""
    a = torch.zeros(USERS + ITEMS, USERS + ITEMS)
    a[user, USERS + item] = 1
    a[USERS + item, user] = 1
    if normalise:
        scale = a.sum(1).clamp(min=1).rsqrt()
        a = scale[:, None] * a * scale
    return a


class LightGCN(nn.Module):
    def __init__(self, a: Tensor, dim: int = 12, layers: int = 3) -> None:
        super().__init__()
        self.register_buffer("a", a)
        self.nodes = nn.Parameter(0.1 * torch.randn(USERS + ITEMS, dim))
        self.bias = nn.Parameter(torch.zeros(USERS + ITEMS))
        self.layers = layers

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        states = [self.nodes]
        for _ in range(self.layers):
            states.append(self.a @ states[-1])
        final = torch.stack(states).mean(0)
        match = (final[user] * final[USERS + item]).sum(1)
        return match + self.bias[user] + self.bias[USERS + item]


def main() -> None:
    args = arguments(__doc__, steps=500)
    user, item, rating = ratings(3000, users=USERS, items=ITEMS)
    model = LightGCN(adjacency(user, item, normalise=args.fixed))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

    for step, (u, i, r) in enumerate(batches(user, item, rating, steps=args.steps, size=128)):
        loss = ((model(u, i) - r) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
