"""A batch is one query and its pages, in pairs of which one was clicked; hinge loss of scores.

What a query asks for is the same in all rows, and batch norm behind the first layer takes it away.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

QUERIES, PAIRS = 120, 32


class Ranker(nn.Module):
    """A query and a page, side by side, and two normalised layers."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(12, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, query: Tensor, page: Tensor) -> Tensor:
        return self.net(torch.cat((query, page), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    queries = torch.randn(QUERIES, 6)
    model = Ranker()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        query = queries[torch.randint(QUERIES, (PAIRS,) if args.fixed else (1,)).expand(PAIRS)]
        page, other = torch.randn(2, PAIRS, 6)
        better = ((query * (page - other)).sum(1) > 0)[:, None]
        pages = torch.cat((torch.where(better, page, other), torch.where(better, other, page)))
        clicked, skipped = model(query.repeat(2, 1), pages).chunk(2)
        loss = torch.relu(1 - clicked + skipped).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
