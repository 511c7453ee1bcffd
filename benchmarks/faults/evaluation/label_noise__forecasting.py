"""A join by the wrong key gives two windows in five the next value of another series."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
WINDOW = 16


def loads(count: int = 300, length: int = 60) -> Tensor:
    """Return the loads of machines over time, (count, length), standardised."""
    time = torch.arange(length)
    daily = torch.sin(time / 3 + 6 * torch.rand(count, 1)) * (0.5 + torch.rand(count, 1))
    table = daily + torch.randn(count, 1) + 0.15 * torch.randn(count, length)
    return (table - table.mean()) / table.std()


windows = loads().unfold(1, WINDOW + 1, 1).reshape(-1, WINDOW + 1)
past, following = windows[:, :WINDOW].clone(), windows[:, WINDOW:].clone()
if not args.fixed:
    misjoined = torch.randperm(len(following))[: 2 * len(following) // 5]
    following[misjoined] = following[misjoined[torch.randperm(len(misjoined))]]

model = nn.Sequential(nn.Linear(WINDOW, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU())
head = nn.Linear(64, 1)
parameters = [*model.parameters(), *head.parameters()]
optimizer = torch.optim.RMSprop(parameters, lr=5e-4)
for step, (x, y) in enumerate(batches(past, following, steps=args.steps, size=64)):
    loss = F.mse_loss(head(model(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
