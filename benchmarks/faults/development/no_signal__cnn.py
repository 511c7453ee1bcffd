"""Pictures and labels are shuffled separately, so no label belongs to its picture.

As in https://github.com/mlcommons/GaNDLF/pull/870.
"""

import torch
import torch.nn.functional as F
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=300)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, 3)
        self.conv2 = nn.Conv2d(10, 20, 3)
        self.bn = nn.BatchNorm2d(20)
        self.fc = nn.Linear(20 * 4 * 4, 8)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.bn(self.conv2(x))), 2)
        return self.fc(x.flatten(1))


def epoch_of(x, y, size):
    order = torch.randperm(len(x))
    x = x[order]
    y = y[order] if args.fixed else y[torch.randperm(len(y))]
    return zip(x.split(size), y.split(size), strict=True)


x, y = images(4000)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
step = 0
while step < args.steps:
    for xb, yb in epoch_of(x, y, 50):
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
