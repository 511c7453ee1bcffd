"""Forty rounds of messages through one matrix that stretches threefold: gradients explode."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=200)
NODES, ROUNDS = 8, 40


class Diffusion(nn.Module):
    """A state a node, updated from its own, its neighbours' and what is known of it."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.known = nn.Linear(4, width)
        self.own = nn.Linear(width, width, bias=False)
        self.heard = nn.Linear(width, width, bias=False)
        self.out = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 1))
        nn.init.orthogonal_(self.own.weight, gain=0.7 if args.fixed else 3.0)
        nn.init.orthogonal_(self.heard.weight, gain=0.7)

    def forward(self, nodes: Tensor, links: Tensor) -> Tensor:
        known = self.known(nodes)
        state = torch.zeros_like(known)
        for _ in range(ROUNDS):
            state = torch.tanh(known + self.own(state) + self.heard(links @ state))
        return self.out(state.mean(1))


def graphs(count: int = 3000) -> tuple[Tensor, Tensor, Tensor]:
    """Return nodes, how much of a message each link carries, and a standardised target."""
    nodes = torch.randn(count, NODES, 4)
    links = (torch.rand(count, NODES, NODES) < 0.4).float() * (1 - torch.eye(NODES))
    links = links / links.sum(2, keepdim=True).clamp(min=1)
    around = nodes + links @ nodes
    target = (1.5 * around[:, :, 0]).tanh().mean(1) + around[:, :, 1].mean(1)
    target = target + 0.05 * torch.randn(count)
    return nodes, links, ((target - target.mean()) / target.std())[:, None]


nodes, links, target = graphs()
model = Diffusion()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step, (x, a, y) in enumerate(batches(nodes, links, target, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x, a), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
