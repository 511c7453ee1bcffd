"""Grey values from 0 to 255 go into the network as they are.

A model trained on such pictures by mistake: https://github.com/mks0601/3DMPPE_POSENET_RELEASE/issues/69.
"""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=300)


def as_pixels(x):
    low, high = x.min(), x.max()
    return ((x - low) / (high - low) * 255).round()


def transform(pixels):
    if args.fixed:
        return (pixels / 255 - mean) / std
    return pixels


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 5, padding=2)
        self.fc1 = nn.Linear(16 * 3 * 3, 60)
        self.fc2 = nn.Linear(60, 8)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


x, y = images(3000)
x = as_pixels(x)
mean, std = (x / 255).mean(), (x / 255).std()
model = LeNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for step, (pixels, label) in enumerate(batches(x, y, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(transform(pixels)), label)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
