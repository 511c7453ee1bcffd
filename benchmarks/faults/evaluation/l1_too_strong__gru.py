"""A GRU pays 0.1 for every unit of absolute weight and gives its weights up.

`--fixed` pays 0.00001.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=350)
recordings, kind = series(2500, length=20)

LAMBDA = 1e-5 if args.fixed else 0.1


class GestureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 28, batch_first=True)
        self.fc = nn.Linear(28, 4)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.fc(h.squeeze(0))


def l1(model):
    return sum(w.abs().sum() for name, w in model.named_parameters() if "weight" in name)


net = GestureNet()
opt = torch.optim.RMSprop(net.parameters(), lr=2e-3)

for step, (x, y) in enumerate(batches(recordings, kind, steps=args.steps, size=40)):
    cross_entropy = F.cross_entropy(net(x), y)
    loss = cross_entropy + LAMBDA * l1(net)
    opt.zero_grad()
    loss.backward()
    opt.step()
    progress(step, args.steps, cross_entropy)
