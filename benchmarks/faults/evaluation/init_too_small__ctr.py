"""All weights of a click model start near 0.01, and five layers leave nothing of the input.

The small deviation came from a model of one layer; `--fixed` uses He initialisation.
"""

from itertools import pairwise

import torch
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=500)

FIELDS = (40, 25, 12, 7)
count = 6000
ids = torch.stack([torch.randint(size, (count,)) for size in FIELDS], dim=1)
appeal = [torch.randn(size) for size in FIELDS]
score = appeal[0][ids[:, 0]] * appeal[1][ids[:, 1]] + 1.5 * appeal[2][ids[:, 2]]
score = score + appeal[3][ids[:, 3]]
clicked = (torch.rand(count) < torch.sigmoid(2 * score)).float()


class DeepClick(nn.Module):
    def __init__(self, dim=8, hidden=64, depth=4):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, dim) for size in FIELDS)
        sizes = [dim * len(FIELDS)] + [hidden] * depth
        layers = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.deep = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def forward(self, ids):
        parts = [table(ids[:, field]) for field, table in enumerate(self.tables)]
        return self.deep(torch.cat(parts, dim=1)).squeeze(1)


def init(module):
    if isinstance(module, nn.Linear):
        if args.fixed:
            nn.init.kaiming_normal_(module.weight)
        else:
            nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)


model = DeepClick().apply(init)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
for step, (x, y) in enumerate(batches(ids, clicked, steps=args.steps, size=128)):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
