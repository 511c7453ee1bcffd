"""zero_grad() stands before the loop instead of in it, and gradients pile up."""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=300)
pictures, labels = images(2000)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 8),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
criterion = nn.CrossEntropyLoss()
optimizer.zero_grad()
for step, (x, y) in enumerate(batches(pictures, labels, steps=args.steps, size=32)):
    if args.fixed:
        optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
