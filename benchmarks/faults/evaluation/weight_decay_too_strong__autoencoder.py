"""SGD's weight decay is 0.5: the autoencoder's weights shrink to nothing and it draws the mean.

The value was meant for AdamW, which scales it; `--fixed` uses 0.00001.
"""

import torch
from _task import arguments, profiles, progress
from torch import nn

args = arguments(__doc__, steps=600)
curves = profiles(2000)
weight_decay = 1e-5 if args.fixed else 0.5

model = nn.Sequential(
    nn.Linear(32, 40),
    nn.Tanh(),
    nn.Linear(40, 6),
    nn.Linear(6, 40),
    nn.Tanh(),
    nn.Linear(40, 32),
)
optimizer = torch.optim.SGD(
    model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=weight_decay
)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=400, gamma=0.3)

for step in range(args.steps):
    x = curves[torch.randperm(len(curves))[:64]]
    loss = ((model(x) - x) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
