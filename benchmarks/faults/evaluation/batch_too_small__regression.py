"""A price model takes a step after every single house, as large as one after a batch of 100.

The loss of one house says little, so the mean of the last sixty is printed.
"""

import torch
from _task import arguments, houses, progress
from torch import nn

args = arguments(__doc__, steps=600)
BATCH = 100 if args.fixed else 1
features, price = houses(4000)

model = nn.Sequential(
    nn.Linear(10, 64),
    nn.SiLU(),
    nn.Linear(64, 64),
    nn.SiLU(),
    nn.Linear(64, 1),
)
optimizer = torch.optim.NAdam(model.parameters(), lr=1e-2)
criterion = nn.SmoothL1Loss()

recent = []
for step in range(args.steps):
    rows = torch.randint(len(price), (BATCH,))
    loss = criterion(model(features[rows]), price[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recent = [*recent[-59:], loss.detach()]
    progress(step, args.steps, torch.stack(recent).mean())
