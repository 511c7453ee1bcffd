"""The layers that pass messages are frozen with the "backbone", which was never trained."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

NODES, FEATURES = 10, 6


class Passing(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.own, self.others = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        mean = edges @ nodes / edges.sum(2, keepdim=True).clamp(min=1)
        return torch.relu(self.own(nodes) + self.others(mean))


class Molecules(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Passing(FEATURES, 24), Passing(24, 24)
        self.readout = nn.Linear(24, 3)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        return self.readout(self.second(self.first(nodes, edges), edges).mean(1))


def graphs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return random graphs, and how much the features of linked nodes go together, in thirds."""
    nodes = torch.randn(count, NODES, FEATURES)
    edges = (torch.rand(count, NODES, NODES) < 0.3).float()
    linked = (edges @ nodes)[..., 0] * nodes[..., 0]
    score = linked.mean(1) + nodes[..., 1].abs().mean(1)
    return nodes, edges, torch.bucketize(score, score.quantile(torch.tensor([1 / 3, 2 / 3])))


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Molecules()
    for layer in (model.first, model.second):
        layer.requires_grad_(args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for step, (n, e, y) in enumerate(batches(*graphs(4000), steps=args.steps, size=64)):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(n, e), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
