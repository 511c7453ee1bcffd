"""A hashing network squashes its codes by tanh(100 z), which is plus or minus one from the start.

The steep tanh was meant for the end of the training, to get bits; `--fixed` uses tanh(z).
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=500)

# Twelve clouds of points, three to a group.
cloud = torch.randint(12, (3000,))
group = cloud % 4
measurements = (torch.randn(12, 12)[cloud] + 0.4 * torch.randn(3000, 12)) / 1.1

BETA = 1.0 if args.fixed else 100.0


class Hasher(nn.Module):
    def __init__(self, bits=16):
        super().__init__()
        self.fc1 = nn.Linear(12, 64)
        self.fc2 = nn.Linear(64, 64)
        self.code = nn.Linear(64, bits)

    def forward(self, x):
        x = torch.tanh(BETA * self.fc1(x))
        x = torch.tanh(BETA * self.fc2(x))
        return torch.tanh(BETA * self.code(x))


hasher = Hasher()
optimizer = torch.optim.SGD(hasher.parameters(), lr=0.05, momentum=0.9)

for step in range(args.steps):
    left = torch.randint(len(group), (64,))
    right = torch.randint(len(group), (64,))
    agreement = (hasher(measurements[left]) * hasher(measurements[right])).mean(1)
    wanted = torch.where(group[left] == group[right], 1.0, -1.0)
    loss = F.mse_loss(agreement, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
