"""A network applies one tanh layer thirty times, and its gain makes gradients grow each time.

Activations stay within one, but the gradient is multiplied on its way back and blows up;
`--fixed` uses a gain at which it keeps its size.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=400)
measurements, group = patients(3000, classes=3)


class TiedNet(nn.Module):
    """Weights are shared by all layers; the measurements enter at each."""

    def __init__(self, hidden=64, depth=30, gain=3.0):
        super().__init__()
        self.depth = depth
        self.enter = nn.Linear(12, hidden)
        self.mix = nn.Linear(hidden, hidden, bias=False)
        self.leave = nn.Linear(hidden, 3)
        nn.init.normal_(self.mix.weight, std=gain / hidden**0.5)

    def forward(self, x):
        drive = 0.3 * self.enter(x)
        h = torch.tanh(drive)
        for _ in range(self.depth):
            h = torch.tanh(self.mix(h) + drive)
        return self.leave(h)


model = TiedNet(gain=0.7 if args.fixed else 3.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for step, (x, y) in enumerate(batches(measurements, group, steps=args.steps, size=64)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
