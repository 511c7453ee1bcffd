"""LinearLR is told ten epochs but stepped each batch: after ten steps the rate is 0 for good."""

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
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
length = args.steps * 2 if args.fixed else 10
schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=length)
criterion = nn.CrossEntropyLoss()
for step, (x, y) in enumerate(batches(pictures, labels, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    schedule.step()
    progress(step, args.steps, loss)
