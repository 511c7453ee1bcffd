"""Measurements stay in their own units: some columns are near 0.01, others in the thousands."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=500)

# age [years], systolic [mmHg], ferritin [g/l], platelets [1/nl], ...
SCALE = [15, 20, 0.01, 80, 5, 300, 0.5, 12, 2500, 40, 3, 700]
CENTRE = [50, 130, 0.05, 250, 25, 1000, 1.2, 60, 7000, 120, 9, 2200]


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(12, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4)
        )

    def forward(self, x):
        return self.hidden(x)


z, group = patients(3000)
table = torch.tensor(CENTRE) + z * torch.tensor(SCALE)
if args.fixed:
    table = (table - table.mean(0)) / table.std(0)

model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for step, (x, y) in enumerate(batches(table, group, steps=args.steps, size=64)):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
