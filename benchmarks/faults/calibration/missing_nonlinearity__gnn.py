"""Three graph convolutions follow each other with no activation between them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

NODES, FEATURES, CLASSES = 12, 8, 3


class GraphNet(nn.Module):
    def __init__(self, activate: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(FEATURES if i == 0 else 32, 32) for i in range(3))
        self.out = nn.Linear(32, CLASSES)
        self.activate = activate

    def forward(self, nodes: Tensor, links: Tensor) -> Tensor:
        for layer in self.layers:
            nodes = torch.bmm(links, layer(nodes))
            if self.activate:
                nodes = F.relu(nodes)
        return self.out(nodes)


def graphs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return graphs, normalised links with self loops, and which class each node belongs to."""
    nodes = torch.randn(count, NODES, FEATURES)
    links = (torch.rand(count, NODES, NODES) < 0.15).float()
    links = ((links + links.transpose(1, 2) + torch.eye(NODES)) > 0).float()
    links = links / links.sum(2, keepdim=True)
    around = torch.bmm(links, nodes)
    score = around[..., 0] * around[..., 1] + around[..., 2].abs()
    borders = score.flatten().quantile(torch.tensor([1 / 3, 2 / 3]))
    return nodes, links, torch.bucketize(score, borders)


def main() -> None:
    args = arguments(__doc__, steps=450)
    model = GraphNet(args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (n, a, y) in enumerate(batches(*graphs(2000), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(n, a).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
