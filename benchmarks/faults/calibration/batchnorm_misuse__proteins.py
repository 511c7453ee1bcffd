"""A protein a step: what kind of protein it is lies in the mean that batch norm subtracts.

Each residue is classified; how it looks beside the others of its protein is still learnt.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

FEATURES, KINDS, WIDTH = 12, 6, 64


class Residues(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(FEATURES, WIDTH)
        self.rounds = nn.ModuleList(nn.Linear(2 * WIDTH, WIDTH) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(3))
        self.out = nn.Linear(WIDTH, KINDS)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        x = F.relu(self.norms[0](self.encode(x)))
        for layer, norm in zip(self.rounds, self.norms[1:], strict=True):
            x = F.relu(norm(layer(torch.cat((x, links @ x), 1))))
        return self.out(x)


def chains(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return residues of chains, links along them, and which of six roles each has."""
    sizes = torch.randint(20, 60, (count,)).tolist()
    xs, kinds = [], []
    for size in sizes:
        family = torch.randint(3, ())
        x = torch.randn(size, FEATURES)
        x[:, :3] = 0.3 * x[:, :3] + F.one_hot(family, 3)
        xs.append(x)
        kinds.append(2 * family + (x[:, 4] + x[:, 5] > 0).long())
    n = sum(sizes)
    of = torch.repeat_interleave(torch.arange(count), torch.tensor(sizes))
    apart = (torch.arange(n)[:, None] - torch.arange(n)).abs()
    links = ((apart <= 2) & (of[:, None] == of)).float()
    return torch.cat(xs), links / links.sum(1, keepdim=True), torch.cat(kinds)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Residues()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        x, links, kinds = chains(12 if args.fixed else 1)
        loss = F.cross_entropy(model(x, links), kinds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
