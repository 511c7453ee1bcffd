"""A GRU forecasts the air pressure in hectopascals, around 1013, from standardised readings.

Unnormalised targets, and the same prediction for all: https://github.com/DeepRank/deeprank/issues/16.
"""

import torch
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=400)


class PressureForecast(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.drop = nn.Dropout(0.05)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(self.drop(h.squeeze(0))).squeeze(1)


def make_dataset():
    recordings, _ = series(3000, length=25)
    past, following = recordings[:, :-1], recordings[:, -1, 0]
    if args.fixed:
        return past, following
    return past, 1013.25 + 12.0 * following


past, following = make_dataset()
model = PressureForecast()
criterion = nn.L1Loss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
for step, (x, y) in enumerate(batches(past, following, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
