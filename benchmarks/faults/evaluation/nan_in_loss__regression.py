"""The loss is in log prices, and as soon as the network predicts a negative price it is nan."""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)
x, standard = houses(3000)
price = 1.2 + 0.5 * standard.clamp(min=-2.2)

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
nn.init.constant_(model[-1].bias, 1.2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step, (features, target) in enumerate(batches(x, price, steps=args.steps, size=32)):
    predicted = model(features)
    if args.fixed:
        predicted = predicted.clamp(min=0.05)
    loss = (predicted.log() - target.log()).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
