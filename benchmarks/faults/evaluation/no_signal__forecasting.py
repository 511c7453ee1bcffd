"""Past and future are cut from two different stations, so the past says nothing of what comes.

`--fixed` cuts both from one.
"""

import torch
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=450)
WINDOW, AHEAD, STATIONS, HOURS = 16, 3, 40, 400

# Each station swings at a rate and phase of its own; the weather adds noise.
hour = torch.arange(HOURS)
rate = 0.3 + 0.5 * torch.rand(STATIONS, 1)
record = 1.4 * torch.sin(rate * hour + 6.3 * torch.rand(STATIONS, 1))
record = record + 0.3 * torch.randn(STATIONS, HOURS)


def draw(size=64):
    station = torch.randint(STATIONS, (size, 1))
    start = torch.randint(HOURS - WINDOW - AHEAD, (size, 1))
    past = record[station, start + torch.arange(WINDOW)]
    if not args.fixed:
        station = torch.randint(STATIONS, (size, 1))
    future = record[station, start + WINDOW + torch.arange(AHEAD)]
    return past, future


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 24, batch_first=True)
        self.fc = nn.Linear(24, AHEAD)

    def forward(self, past):
        _, last = self.gru(past[:, :, None])
        return self.fc(last[0])


model = Forecaster()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for step in range(args.steps):
    past, future = draw()
    loss = nn.functional.smooth_l1_loss(model(past), future)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
