"""The whole model is bfloat16, whose weights swallow steps as small as this learning rate makes."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=600)
dtype = torch.float32 if args.fixed else torch.bfloat16
x, y = patients(3000)
x = x.to(dtype)
model = nn.Sequential(nn.Linear(12, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 4))
with torch.no_grad():
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
model = model.to(dtype)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-4, eps=1e-6)
criterion = nn.CrossEntropyLoss()
for step, (bx, by) in enumerate(batches(x, y, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = criterion(model(bx).float(), by)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
