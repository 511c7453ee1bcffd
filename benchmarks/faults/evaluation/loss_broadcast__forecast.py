"""The forecast has shape (batch, 1) and the next value (batch,): the loss compares all pairs."""

import warnings

import torch
from _task import arguments, progress, series
from torch import nn

warnings.filterwarnings("ignore")
args = arguments(__doc__, steps=500)
recordings, _ = series(2500)
history, upcoming = recordings[:, :-1], recordings[:, -1, 0]

model = nn.Sequential(
    nn.Conv1d(2, 24, 5), nn.ReLU(), nn.Conv1d(24, 24, 5), nn.ReLU(), nn.Flatten(), nn.Linear(360, 1)
)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(args.steps):
    chosen = torch.randint(len(history), (48,))
    forecast = model(history[chosen].transpose(1, 2))
    if args.fixed:
        forecast = forecast.squeeze(1)
    loss = ((forecast - upcoming[chosen]) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
