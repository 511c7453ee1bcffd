"""In one folder of two the masks were sorted as text and the pictures as numbers: none fits.

`mask_10` comes before `mask_2`, so 45 % of the pictures have the mask of another one.
"""

import torch
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)
SIZE = 16


def tumours(count):
    """Noisy pictures with a bright disc, and where it is."""
    grid = torch.arange(SIZE)
    row, column = (3 + 10 * torch.rand(2, count, 1, 1)).unbind(0)
    radius = 3 + 2 * torch.rand(count, 1, 1)
    mask = ((grid[:, None] - row) ** 2 + (grid - column) ** 2 < radius**2).float()
    picture = 1.5 * mask - 0.3 + 0.6 * torch.randn(count, SIZE, SIZE)
    return picture[:, None], mask[:, None]


pictures, masks = tumours(2000)
second = torch.arange(1100, 2000)
if not args.fixed:
    as_text = torch.tensor(sorted(second.tolist(), key=lambda n: str(n - 1100)))
    masks[second] = masks[as_text]

net = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.Conv2d(16, 16, 3, padding=1),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.Conv2d(16, 1, 1),
)
loader = DataLoader(TensorDataset(pictures, masks), batch_size=20, shuffle=True)
optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
criterion = nn.BCEWithLogitsLoss()

step = 0
while step < args.steps:
    for picture, mask in loader:
        loss = criterion(net(picture), mask)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
