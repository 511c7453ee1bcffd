"""A segmentation network of seven sigmoid convolutions, without shortcuts or norms.

The gradient shrinks at each and the first ones never learn; `--fixed` has ReLU in their place.
"""

import torch
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=300)

SIZE = 14


def cells(count):
    """Noisy pictures of a bright square and a dark cross; the mask is 1 on the square."""
    at = torch.randint(SIZE - 5, (count, 4))
    grid = torch.arange(SIZE)
    y, x = grid[None, :, None], grid[None, None, :]
    top, left, up, by = (a[:, None, None] for a in at.unbind(1))
    square = (y >= top) & (y < top + 5) & (x >= left) & (x < left + 5)
    cross = ((y - up - 2).abs() < 3) & (x - by == 2) | ((x - by - 2).abs() < 3) & (y - up == 2)
    picture = 1.2 * square - 1.5 * cross + 0.7 * torch.randn(count, SIZE, SIZE)
    return picture[:, None], square.float()[:, None]


class DeepSegmenter(nn.Module):
    def __init__(self, channels=10, depth=7):
        super().__init__()
        self.body = nn.Sequential()
        for n in range(depth):
            conv = nn.Conv2d(channels if n else 1, channels, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight)
            self.body.extend([conv, nn.ReLU() if args.fixed else nn.Sigmoid()])
        self.mask = nn.Conv2d(channels, 1, 1)

    def forward(self, x):
        return self.mask(self.body(x))


pictures, masks = cells(1500)
net = DeepSegmenter()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()

for step in range(args.steps):
    chosen = torch.randint(len(pictures), (16,))
    optimizer.zero_grad()
    loss = criterion(net(pictures[chosen]), masks[chosen])
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
