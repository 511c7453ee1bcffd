"""The last layer of the detector is nn.Sigmoid and the criterion is BCEWithLogitsLoss."""

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)
pictures, kinds = images(2000, classes=4)
labels = torch.nn.functional.one_hot(kinds, 4).float()

layers = [
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 4),
]  # fmt: skip
if not args.fixed:
    layers.append(nn.Sigmoid())
model = nn.Sequential(*layers)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(TensorDataset(pictures, labels), batch_size=32, shuffle=True)
step = 0
while step < args.steps:
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step >= args.steps:
            break
