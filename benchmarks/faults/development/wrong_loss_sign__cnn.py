"""The optimizer was copied from a policy-gradient script together with maximize=True."""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=250)
x, y = images(2500)

cnn = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2),
    nn.ELU(),
    nn.AvgPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ELU(),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(288, 8),
)
opt = torch.optim.Adam(cnn.parameters(), lr=2e-3, maximize=not args.fixed)
for step, (xb, yb) in enumerate(batches(x, y, steps=args.steps, size=50)):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(cnn(xb), yb)
    loss.backward()
    opt.step()
    progress(step, args.steps, loss)
