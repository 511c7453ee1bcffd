"""The gradients are zeroed by hand right after backward(), before the optimizer can use them."""

import torch
from _task import arguments, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)


class DenoisingAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([nn.Linear(32, 48), nn.Linear(48, 8)])
        self.up = nn.ModuleList([nn.Linear(8, 48), nn.Linear(48, 32)])

    def forward(self, x):
        h = torch.tanh(self.down[0](x))
        h = torch.tanh(self.down[1](h))
        h = torch.tanh(self.up[0](h))
        return self.up[1](h)


def clear_gradients(model):
    for p in model.parameters():
        if p.grad is not None:
            p.grad.zero_()


clean = profiles(2500)
model = DenoisingAutoencoder()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
for step in range(args.steps):
    batch = clean[torch.randperm(len(clean))[:64]]
    if args.fixed:
        clear_gradients(model)
    loss = ((model(batch + 0.1 * torch.randn_like(batch)) - batch) ** 2).mean()
    loss.backward()
    if not args.fixed:
        clear_gradients(model)
    optimizer.step()
    progress(step, args.steps, loss)
