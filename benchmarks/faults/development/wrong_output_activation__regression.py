"""A ReLU follows the output layer, but half of the targets are negative.

As in https://github.com/ProteomicsML/ProteomicsML/pull/203.
"""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)


class Regressor(nn.Module):
    def __init__(self, in_features: int, hidden: int = 64):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(in_features, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1)]
        )

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        x = self.layers[-1](x)
        return x if args.fixed else torch.relu(x)


def fit(model, loader, optimizer):
    for step, (x, y) in enumerate(loader):
        loss = nn.functional.smooth_l1_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


x, y = houses(3000)
model = Regressor(10)
fit(
    model,
    batches(x, y, steps=args.steps, size=64),
    torch.optim.Adam(model.parameters(), lr=3e-3),
)
