"""A linear decay copied from a shorter training reaches its end after 40 of 500 steps."""

import torch
from _task import arguments, batches, profiles, progress
from torch import nn
from torch.optim.lr_scheduler import LinearLR

args = arguments(__doc__, steps=500)
DECAY_STEPS = args.steps if args.fixed else 40

curves = profiles(4000)
model = nn.Sequential(
    nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 6),
    nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 32),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
scheduler = LinearLR(optimizer, start_factor=1.0, end_factor=0.001, total_iters=DECAY_STEPS)
criterion = nn.MSELoss()
for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = criterion(model(x), x)
    loss.backward()
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
