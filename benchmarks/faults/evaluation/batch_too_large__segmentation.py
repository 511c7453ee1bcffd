"""All 1500 pictures make one batch, so ninety passes over them are only ninety updates.

The rate suits batches of 15, with which `--fixed` makes a hundred updates in one pass.
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=90)
STEPS = args.steps * 10 if args.fixed else args.steps


def fields(count, size=12):
    """Satellite pictures of ponds, smoother than the land about them though as bright."""
    grid = torch.arange(size).float()
    centre, radius = 2 + 8 * torch.rand(count, 2, 1, 1), 2 + 2 * torch.rand(count, 1, 1)
    distance = (grid[:, None] - centre[:, 0]) ** 2 + (grid - centre[:, 1]) ** 2
    pond = distance < radius**2
    roughness = torch.where(pond, 0.2, 1.2)
    picture = roughness * torch.randn(count, size, size)
    return picture[:, None], pond.float()


class Segmenter(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv3 = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.conv3(x)[:, 0]


data = TensorDataset(*fields(1500))
loader = DataLoader(data, batch_size=15 if args.fixed else len(data), shuffle=True)
model = Segmenter()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)

step = 0
while step < STEPS:
    for picture, pond in loader:
        loss = F.binary_cross_entropy_with_logits(model(picture), pond)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, STEPS, loss)
        step += 1
        if step == STEPS:
            break
