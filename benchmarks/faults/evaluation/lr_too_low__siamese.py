"""Adam's learning rate is 1e-7, so a siamese network stays where it started.

`--fixed` uses 1e-3.
"""

import torch
import torch.nn.functional as F
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=350)
pictures, shape = images(2500, classes=4, noise=0.3)
members = [torch.nonzero(shape == k).flatten() for k in range(4)]


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 5)
        self.project = nn.Linear(16 * 16, 16)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return F.normalize(self.project(x.flatten(1)), dim=1)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.scale = nn.Parameter(torch.tensor(5.0))
        self.offset = nn.Parameter(torch.tensor(-2.0))

    def forward(self, left, right):
        likeness = (self.tower(left) * self.tower(right)).sum(1)
        return self.scale * likeness + self.offset


def pairs(size=48):
    """Draw pairs, more than half of them of the same shape."""
    left = torch.randint(len(shape), (size,))
    right = torch.randint(len(shape), (size,))
    for n in range(1, size, 2):
        pool = members[shape[left[n]]]
        right[n] = pool[torch.randint(len(pool), (1,))]
    same = (shape[left] == shape[right]).float()
    return pictures[left], pictures[right], same


net = Siamese()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3 if args.fixed else 1e-7)
for step in range(args.steps):
    left, right, same = pairs()
    loss = F.binary_cross_entropy_with_logits(net(left, right), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
