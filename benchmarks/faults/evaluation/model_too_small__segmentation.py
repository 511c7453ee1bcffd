"""One channel is all that lies between the picture and five classes of pixel.

`--fixed` has sixteen.
"""

import torch
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=300)
SIZE, CLASSES = 15, 5


def quilts(count):
    """Pictures of nine patches, each with one of five textures, which its pixels are to name."""
    grid = torch.arange(SIZE)
    y, x = grid[:, None], grid[None, :]
    kinds = torch.randint(CLASSES, (count, 3, 3))
    mask = kinds.repeat_interleave(5, 1).repeat_interleave(5, 2)
    flat = torch.ones(SIZE, SIZE, dtype=torch.long)
    textures = torch.stack([flat, -flat, (-1) ** (x + 0 * y), (-1) ** (y + 0 * x), (-1) ** (x + y)])
    picture = textures[mask, y, x] + 0.4 * torch.randn(count, SIZE, SIZE)
    return picture[:, None], mask


pictures, masks = quilts(1200)
channels = 16 if args.fixed else 1
net = nn.Sequential(
    nn.Conv2d(1, channels, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(channels, channels, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(channels, CLASSES, 1),
)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()

for step in range(args.steps):
    rows = torch.randperm(len(pictures))[:16]
    loss = criterion(net(pictures[rows]), masks[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
