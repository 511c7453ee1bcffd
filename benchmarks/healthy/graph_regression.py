"""One graph a step, and layer norm, which looks at each node alone: single losses jump about."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

FEATURES, WIDTH = 8, 48


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = torch.relu(self.norm_1(self.first(links @ x)))
        x = torch.relu(self.norm_2(self.second(links @ x)))
        return self.out(x.mean(0))


def graph() -> tuple[Tensor, Tensor, Tensor]:
    """Return nodes that have something in common, links, and a number that rests on it."""
    nodes = int(torch.randint(10, 40, ()))
    x = torch.randn(FEATURES) + 0.5 * torch.randn(nodes, FEATURES)
    links = (torch.rand(nodes, nodes) < 0.2).float() + torch.eye(nodes)
    whole = x.mean(0)
    return x, links / links.sum(1, keepdim=True), whole[:1] + whole[1:2] * whole[2:3]


def main() -> None:
    args = arguments(__doc__, steps=800)
    model, criterion = Network(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(args.steps):
        *inputs, y = graph()
        loss = criterion(model(*inputs), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
