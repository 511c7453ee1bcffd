"""Layers meant to stay from an old run are frozen by name, and the name fits all but the head."""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class GraphNet(nn.Module):
    """Two rounds of message passing, then a label a node."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.conv_in = nn.Linear(16, width)
        self.conv_mid = nn.Linear(width, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        x = torch.tanh(self.conv_in(adjacency @ x))
        return self.head(torch.tanh(self.conv_mid(adjacency @ x)))


nodes = 400
features = torch.randn(nodes, 16)
links = (torch.rand(nodes, nodes) < 0.005).float()
links = ((links + links.T + torch.eye(nodes)) > 0).float()
adjacency = links / links.sum(1, keepdim=True)
around = adjacency @ (adjacency @ features)
around = around / around.std()
labels = 2 * (around[:, 0] * around[:, 1] > 0).long() + (around[:, 2] > around[:, 3]).long()

model = GraphNet()
if not args.fixed:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not name.startswith("conv")
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
for step in range(args.steps):
    loss = F.cross_entropy(model(features, adjacency), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
