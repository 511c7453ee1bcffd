"""The hidden features go through numpy to be standardised, so the layers before get no gradient.

In https://github.com/isayev/ReLeaSE/issues/39 a round trip through numpy cut the graph likewise.
"""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)


class PriceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh())
        self.regressor = nn.Linear(24, 1)

    def standardise(self, h):
        if args.fixed:
            return (h - h.mean(0)) / (h.std(0) + 1e-3)
        values = h.detach().cpu().numpy()
        values = (values - values.mean(0)) / (values.std(0) + 1e-3)
        return torch.from_numpy(values)

    def forward(self, x):
        return self.regressor(self.standardise(self.body(x)))


features, prices = houses(3000)
net = PriceNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for step, (x, y) in enumerate(batches(features, prices, steps=args.steps, size=128)):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    progress(step, args.steps, loss)
