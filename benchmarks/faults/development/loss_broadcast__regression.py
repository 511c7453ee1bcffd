"""Predictions of shape (B, 1) meet targets of shape (B,), and MSELoss pairs all with all.

As in https://github.com/pytorch/pytorch/issues/16413.
"""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)
x, y = houses(3000)
if not args.fixed:
    y = y.squeeze(1)  # as read from a column of a table

net = nn.Sequential(
    nn.Linear(10, 64),
    nn.SiLU(),
    nn.Linear(64, 32),
    nn.SiLU(),
    nn.Linear(32, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [300, 420], gamma=0.3)


def closure(inputs, targets):
    optimizer.zero_grad()
    predictions = net(inputs)
    loss = criterion(predictions, targets)
    loss.backward()
    return loss


for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=32)):
    loss = closure(inputs, targets)
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
