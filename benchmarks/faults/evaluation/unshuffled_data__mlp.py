"""The table is sorted by group, and the loader has shuffle=False."""

import torch
from _task import arguments, patients, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=500)
x, y = patients(3000)
order = y.argsort()
x, y = x[order], y[order]
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=args.fixed)

model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(-(-args.steps // len(loader))):
    for index, (features, group) in enumerate(loader):
        step = epoch * len(loader) + index
        optimizer.zero_grad()
        loss = criterion(model(features), group)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
    with torch.no_grad():
        print(f"epoch {epoch}: loss on all {criterion(model(x), y).item():.4f}")
