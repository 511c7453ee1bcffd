"""A polynomial schedule counts to the number of epochs but steps every batch: it ends at step 12.

From then on the rate stays at a ten-thousandth; `--fixed` counts to the number of batches.
"""

import torch
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=360)

EPOCHS, SIZE = 12, 16


def scenes(count):
    """Grey pictures with a bright or striped disc; the mask says which pixel is which."""
    grid = torch.arange(SIZE).float()
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    centre = 3 + 10 * torch.rand(count, 2, 1, 1)
    radius = 2.5 + 2.5 * torch.rand(count, 1, 1)
    inside = (y - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2 < radius**2
    striped = torch.rand(count, 1, 1) < 0.5
    texture = torch.where(striped, 1.5 * (-1.0) ** (x + y), torch.tensor(1.0))
    picture = inside * texture + 0.5 * torch.randn(count, SIZE, SIZE)
    mask = inside.long() * (1 + striped.long())
    return picture[:, None], mask


pictures, masks = scenes(1200)
net = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(12, 12, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(12, 3, 3, padding=1),
)
total = args.steps if args.fixed else EPOCHS
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: max(1 - step / total, 1e-4) ** 0.9
)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([0.5, 1.0, 1.0]))

for step in range(args.steps):
    chosen = torch.randperm(len(pictures))[:24]
    loss = criterion(net(pictures[chosen]), masks[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    progress(step, args.steps, loss)
