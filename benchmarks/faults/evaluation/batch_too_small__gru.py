"""A GRU learns from one noisy recording at a time, and each step follows its noise.

The memory of an old card set the batch; `--fixed` has 48 in a batch.
"""

import torch
from _task import arguments, progress, series
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=500)
recordings, kind = series(4000, length=16)
recordings = recordings + 0.8 * torch.randn_like(recordings)
mistaken = torch.rand(len(kind)) < 0.1
kind = torch.where(mistaken, torch.randint(4, kind.shape), kind)
data = TensorDataset(recordings, kind)
loader = DataLoader(data, batch_size=48 if args.fixed else 1, shuffle=True)


class Listener(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x):
        out, _ = self.gru(x)
        return self.head(out.mean(dim=1))


model = Listener()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()


def whole_loss():
    with torch.no_grad():
        return criterion(model(recordings[:500]), kind[:500])


step = 0
while step < args.steps:
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 50 == 0 or step == args.steps - 1:
            progress(step, args.steps, whole_loss())
        step += 1
        if step == args.steps:
            break
