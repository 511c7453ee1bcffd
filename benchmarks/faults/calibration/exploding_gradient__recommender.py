"""Four rounds over a graph of who liked what add up all neighbours: each multiplies the gradient.

LightGCN divides by the roots of both degrees (He et al. 2020, equation 3); here nothing does.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, ITEMS = 200, 120


class Graph(nn.Module):
    """Tables of users and of items, smoothed over the graph between them."""

    def __init__(self, edges: Tensor, normalised: bool, dim: int = 16) -> None:
        super().__init__()
        scale = edges.sum(1).clamp(min=1).rsqrt() if normalised else torch.ones(len(edges))
        self.register_buffer("edges", scale[:, None] * edges * scale)
        self.table = nn.Embedding(USERS + ITEMS, dim)
        nn.init.normal_(self.table.weight, std=0.1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        rounds = [self.table.weight]
        for _ in range(4):
            rounds.append(self.edges @ rounds[-1])
        both = torch.stack(rounds).mean(0)
        return (both[user] * both[USERS + item]).sum(1)


def likes() -> tuple[Tensor, Tensor, Tensor]:
    """Return the users and items of all likes, and the graph of them."""
    taste, style = torch.randn(USERS, 3), torch.randn(ITEMS, 3)
    liked = torch.bernoulli(torch.sigmoid(1.5 * taste @ style.T + torch.randn(ITEMS) - 2.5))
    user, item = liked.nonzero(as_tuple=True)
    edges = torch.zeros(USERS + ITEMS, USERS + ITEMS)
    edges[user, USERS + item] = edges[USERS + item, user] = 1
    return user, item, edges


def main() -> None:
    args = arguments(__doc__, steps=400)
    user, item, edges = likes()
    model = Graph(edges, args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (u, i) in enumerate(batches(user, item, steps=args.steps, size=256)):
        other = torch.randint(ITEMS, i.shape)
        scores = torch.cat((model(u, i), model(u, other)))
        loss = F.binary_cross_entropy_with_logits(scores, (torch.arange(512) < 256).float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
