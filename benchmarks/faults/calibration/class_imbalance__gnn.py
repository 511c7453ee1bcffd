"""Of the accounts in a network nine in ten are honest, and the model calls all of them so."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

NODES, FEATURES = 12, 6


class Accounts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2 * FEATURES, 32), nn.Linear(64, 32)
        self.out = nn.Linear(32, 2)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = F.relu(self.first(torch.cat((x, links @ x), 2)))
        x = F.relu(self.second(torch.cat((x, links @ x), 2)))
        return self.out(x)


def networks(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return features and links of accounts, and which of them are not honest."""
    x = torch.randn(count, NODES, FEATURES)
    links = (torch.rand(count, NODES, NODES) < 0.25).float()
    links = links / links.sum(2, keepdim=True).clamp(min=1)
    score = x[..., 0] * (links @ x)[..., 0] + 0.3 * x[..., 1] * x[..., 2]
    return x, links, (score > score.quantile(0.93)).long()


def main() -> None:
    args = arguments(__doc__, steps=350)
    weight = torch.tensor([0.54, 7.1]) if args.fixed else None
    model = Accounts()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for step, (x, a, y) in enumerate(batches(*networks(1500), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, a).transpose(1, 2), y, weight=weight)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
