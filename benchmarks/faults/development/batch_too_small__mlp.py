"""Batches of one patient at a rate made for batches of 64: noise drowns the gradient.

`--fixed` puts 64 into a batch.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=600)
x, group = patients(4000, classes=3)
wrong = torch.rand(len(group)) < 0.2
group = torch.where(wrong, torch.randint(3, group.shape), group)

BATCH = 64 if args.fixed else 1

model = nn.Sequential(
    nn.Linear(12, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 3),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for step, (inputs, target) in enumerate(batches(x, group, steps=args.steps, size=BATCH)):
    loss = F.cross_entropy(model(inputs), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 60 == 0 or step == args.steps - 1:
        with torch.no_grad():
            progress(step, args.steps, F.cross_entropy(model(x), group))
