"""An autoencoder drops nine in ten values after every layer, its code included.

`--fixed` drops one in a hundred.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=450)
curves = profiles(2500)

P = 0.01 if args.fixed else 0.9


class Autoencoder(nn.Module):
    def __init__(self, width=32, hidden=64, code=8):
        super().__init__()
        self.enc1 = nn.Linear(width, hidden)
        self.enc2 = nn.Linear(hidden, code)
        self.dec1 = nn.Linear(code, hidden)
        self.dec2 = nn.Linear(hidden, width)

    def forward(self, x):
        x = F.dropout(F.relu(self.enc1(x)), P, self.training)
        code = F.dropout(self.enc2(x), P, self.training)
        x = F.dropout(F.relu(self.dec1(code)), P, self.training)
        return self.dec2(x)


model = Autoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 0.05, total_iters=50)

for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
    loss = F.mse_loss(model(x), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    warmup.step()
    progress(step, args.steps, loss)
