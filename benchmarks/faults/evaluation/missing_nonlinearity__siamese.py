"""A siamese network's encoder is three linear layers in a row, which are no more than one.

Whether two points lie on the same ring is not to be seen in any linear picture of them; `--fixed`
adds the tanh between.
"""

import torch
from _data import rings
from _task import arguments, progress
from torch import nn
from torch.optim import AdamW

args = arguments(__doc__, steps=500)
points, ring = rings(3000, classes=3)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1 = nn.Linear(2, 48)
        self.lin2 = nn.Linear(48, 48)
        self.lin3 = nn.Linear(48, 4)
        self.act = torch.tanh if args.fixed else lambda x: x

    def forward(self, x):
        x = self.act(self.lin1(x))
        x = self.act(self.lin2(x))
        return self.lin3(x)


def contrastive(left, right, same, margin=2.0):
    distance = (left - right).pow(2).sum(1).add(1e-6).sqrt()
    near = same * distance.pow(2)
    far = (1 - same) * (margin - distance).clamp(min=0).pow(2)
    return (near + far).mean()


encoder = Encoder()
optimizer = AdamW(encoder.parameters(), lr=3e-3)
for step in range(args.steps):
    a, b = torch.randint(len(points), (2, 128))
    same = (ring[a] == ring[b]).float()
    loss = contrastive(encoder(points[a]), encoder(points[b]), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
