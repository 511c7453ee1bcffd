"""The GRU sees all 1600 recordings before each update, and a hundred updates are too few.

The rate is the one for batches of 16, with which `--fixed` makes eight times the updates from a
twelfth of the recordings.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=100)
recordings, kind = series(1600, length=14)

BATCH = 16 if args.fixed else 1600
UPDATES = 8 * args.steps if args.fixed else args.steps


class WaveGRU(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 4)

    def forward(self, x):
        _, last = self.gru(x)
        return self.head(last[0])


model = WaveGRU()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8)
for step, (x, y) in enumerate(batches(recordings, kind, steps=UPDATES, size=BATCH)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, UPDATES, loss)
