"""Labels are (batch,) and the single logit is (batch, 1): a margin loss meets every pair."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=400)
x, group = patients(3000, classes=2)
sign = 2.0 * group - 1

model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step, (features, target) in enumerate(batches(x, sign, steps=args.steps, size=32)):
    score = model(features)
    if args.fixed:
        target = target.unsqueeze(1)
    loss = torch.clamp(1 - target * score, min=0).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
