"""The optimizer is made for the model, and then the model is made anew with more units."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=500)


def build(hidden: int) -> nn.Sequential:
    """Return a classifier of four groups."""
    return nn.Sequential(
        nn.Linear(12, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 4)
    )


x, y = patients(3000)
model = build(32)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
model = build(64)
if args.fixed:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
criterion = nn.CrossEntropyLoss()
for step, (bx, by) in enumerate(batches(x, y, steps=args.steps, size=32)):
    model.zero_grad()
    loss = criterion(model(bx), by)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
