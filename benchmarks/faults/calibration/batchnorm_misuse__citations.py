"""Papers are classified with batch norm over a sampled neighbourhood of a few papers a step.

Each step takes one paper and at most five that it cites: statistics of two to six nodes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

NODES, FEATURES, KINDS = 2000, 16, 5


class Papers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2 * FEATURES, 48), nn.Linear(96, 48)
        self.norm_1, self.norm_2 = nn.BatchNorm1d(48), nn.BatchNorm1d(48)
        self.out = nn.Linear(48, KINDS)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = F.relu(self.norm_1(self.first(torch.cat((x, links @ x), 1))))
        x = F.relu(self.norm_2(self.second(torch.cat((x, links @ x), 1))))
        return self.out(x)


def main() -> None:
    args = arguments(__doc__, steps=600)
    kinds = torch.randint(KINDS, (NODES,))
    features = torch.randn(KINDS, FEATURES)[kinds] + 1.2 * torch.randn(NODES, FEATURES)
    alike = [torch.nonzero(kinds == kind)[:, 0] for kind in range(KINDS)]
    model = Papers()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        start = torch.randint(NODES, (32 if args.fixed else 1,)).tolist()
        chosen = []
        for paper in start:
            own = alike[int(kinds[paper])]
            cited = own[torch.randint(len(own), (int(torch.randint(1, 6, (1,))),))]
            chosen.append(torch.cat((torch.tensor([paper]), cited)))
        nodes = torch.cat(chosen)
        group = torch.repeat_interleave(
            torch.arange(len(chosen)), torch.tensor([len(c) for c in chosen])
        )
        links = (group[:, None] == group).float()
        loss = F.cross_entropy(
            model(features[nodes], links / links.sum(1, keepdim=True)), kinds[nodes]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
