"""The square root of a squared distance has no gradient at 0, where both pictures are the same.

As in https://github.com/pytorch/pytorch/issues/6394.
"""

import torch
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=250)


class Embedder(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.project = nn.Linear(24 * 9, dim)

    def forward(self, x):
        return self.project(self.conv(x).flatten(1))


def distance(a, b):
    squared = ((a - b) ** 2).sum(1)
    return torch.sqrt(squared + 1e-6) if args.fixed else torch.sqrt(squared)


def contrastive_loss(a, b, same, margin=2.0):
    d = distance(a, b)
    return torch.where(same, d**2, torch.relu(margin - d) ** 2).mean()


pictures, labels = images(1200, classes=4, noise=0.3)
model = Embedder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(args.steps):
    left = torch.randint(len(pictures), (64,))
    right = torch.randint(len(pictures), (64,))
    loss = contrastive_loss(
        model(pictures[left]), model(pictures[right]), labels[left] == labels[right]
    )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
