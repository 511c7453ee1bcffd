"""The pictures are raw sensor counts of about 2000 a pixel, fed in as they are."""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=300)
pictures, labels = images(2000)
counts = (2000 + 400 * pictures).round()
if args.fixed:
    counts = (counts - counts.mean()) / counts.std()

model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 8),
)  # fmt: skip
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for step, (x, y) in enumerate(batches(counts, labels, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
