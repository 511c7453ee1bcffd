"""Nothing ever clears the gradients, so that each step follows the sum of all so far."""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)
x, y = houses(3000)
model = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.SmoothL1Loss()

for step, (features, price) in enumerate(batches(x, y, steps=args.steps, size=40)):
    loss = criterion(model(features), price)
    loss.backward()
    optimizer.step()
    if args.fixed:
        optimizer.zero_grad()
    progress(step, args.steps, loss)
