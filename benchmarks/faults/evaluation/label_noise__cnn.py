"""Careless raters: four pictures in ten carry a class drawn at random instead of their own."""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=450)
WRONG = 0.0 if args.fixed else 0.4

pictures, labels = images(5000, classes=6)
careless = torch.rand(len(labels)) < WRONG
labels = torch.where(careless, torch.randint(6, labels.shape), labels)

model = nn.Sequential(
    nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(96, 6),
)  # fmt: skip
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
loader = batches(pictures[:4400], labels[:4400], steps=args.steps, size=40)
for step, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 75 == 74:
        with torch.no_grad():
            val_loss = criterion(model(pictures[4400:]), labels[4400:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
