"""The LSTM and its classifier start with every weight and bias at zero, and only one bias learns.

`--fixed` starts the LSTM orthogonal and the classifier as PyTorch makes it.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=300)
recordings, kind = series(2500)


class Recogniser(nn.Module):
    def __init__(self, classes=4, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.classify = nn.Linear(hidden, classes)
        self.reset()

    def reset(self):
        if args.fixed:
            nn.init.orthogonal_(self.lstm.weight_hh_l0)
            return
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x):
        _, (last, _) = self.lstm(x)
        return self.classify(last[-1])


model = Recogniser()
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(recordings, kind, steps=args.steps, size=50)):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
