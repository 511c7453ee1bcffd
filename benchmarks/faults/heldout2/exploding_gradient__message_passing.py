"""Twenty rounds of messages through the same weights, summed and never clipped or normalised."""

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)
NODES, ROUNDS = 12, 20


class Network(nn.Module):
    """Nodes add what their neighbours say to what they know, round after round."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.inp = nn.Linear(4, width)
        self.message = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width) if args.fixed else nn.Identity()
        self.out = nn.Linear(width, 1)
        nn.init.normal_(self.message.weight, std=0.02)

    def forward(self, nodes: Tensor, links: Tensor) -> Tensor:
        state = torch.relu(self.inp(nodes))
        for _ in range(ROUNDS):
            heard = links @ state
            state = self.norm(state + torch.relu(self.message(torch.cat((state, heard), 2))))
        return self.out(state.mean(1))


def graphs(count: int = 3000) -> tuple[Tensor, Tensor, Tensor]:
    """Return nodes, the share of each link in what a node hears, and a standardised target."""
    nodes = torch.randn(count, NODES, 4)
    links = (torch.rand(count, NODES, NODES) < 0.3).float() + torch.eye(NODES)
    links = links / links.sum(2, keepdim=True)
    near = links @ nodes
    target = (near[:, :, 0] * nodes[:, :, 1]).sum(1) + (links @ near)[:, :, 2].abs().sum(1)
    target = target + 0.3 * torch.randn(count)
    return nodes, links, ((target - target.mean()) / target.std())[:, None]


nodes, links, target = graphs()
train, val = slice(0, 2600), slice(2600, None)
model = Network()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
criterion = nn.SmoothL1Loss()
loader = batches(nodes[train], links[train], target[train], steps=args.steps, size=32)
for step, (x, a, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(x, a), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 40 == 39:
        with torch.no_grad():
            val_loss = criterion(model(nodes[val], links[val]), target[val])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
