"""The features come in their own units (years, square metres, yearly income), never scaled."""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)
UNITS = torch.tensor([20.0, 60.0, 1.0, 0.1, 30000.0, 5.0, 800.0, 1.0, 12.0, 2000.0])
MEANS = torch.tensor([40.0, 140.0, 3.0, 0.3, 70000.0, 10.0, 2500.0, 4.0, 50.0, 9000.0])

standard, price = houses(3000)
features = MEANS + UNITS * standard
if args.fixed:
    features = (features - features.mean(0)) / features.std(0)

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.L1Loss()
for step, (x, y) in enumerate(batches(features, price, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
