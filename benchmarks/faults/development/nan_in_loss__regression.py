"""One row of the table has a missing value, and it was not dropped or filled.

As in https://github.com/prs-eth/Marigold/issues/111: "input batch contains NaN values".
"""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=400)
features, price = houses(4000)
features[1234, 7] = float("nan")

if args.fixed:
    complete = ~features.isnan().any(1)
    features, price = features[complete], price[complete]


class HousePrices(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(10, 50)
        self.hidden2 = nn.Linear(50, 50)
        self.predict = nn.Linear(50, 1)

    def forward(self, x):
        x = nn.functional.leaky_relu(self.hidden1(x))
        x = nn.functional.leaky_relu(self.hidden2(x))
        return self.predict(x)


model = HousePrices()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(features, price, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = nn.functional.huber_loss(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
