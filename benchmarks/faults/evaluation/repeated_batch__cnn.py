"""next(iter(loader)) in the loop starts the loader anew each time: always its first batch."""

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)
pictures, labels = images(2300)
loader = DataLoader(TensorDataset(pictures[:2000], labels[:2000]), batch_size=40)
model = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 8),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
batch_iterator = iter(loader)
for step in range(args.steps):
    if args.fixed:
        if step % len(loader) == 0:
            batch_iterator = iter(loader)
        x, y = next(batch_iterator)
    else:
        x, y = next(iter(loader))
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)

with torch.no_grad():
    print("held-back loss", criterion(model(pictures[2000:]), labels[2000:]).item())
