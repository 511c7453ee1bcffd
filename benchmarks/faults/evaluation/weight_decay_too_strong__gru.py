"""Adam's weight decay is 0.3, and the L2 term outweighs what the GRU learns from the data.

`--fixed` decays by 0.00001.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=350)
recordings, kind = series(2500, length=20)


class ActivityGRU(nn.Module):
    def __init__(self, hidden=24, classes=4):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.fc1 = nn.Linear(hidden, 24)
        self.fc2 = nn.Linear(24, classes)

    def forward(self, x):
        out, _ = self.gru(x)
        x = self.norm(out[:, -1])
        return self.fc2(F.relu(self.fc1(x)))


model = ActivityGRU()
decay = 1e-5 if args.fixed else 0.3
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=decay)
criterion = nn.CrossEntropyLoss()

for step, (x, y) in enumerate(batches(recordings, kind, steps=args.steps, size=40)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
