"""A forecast of shape (B, 1) is compared with the next value of shape (B,) by l1_loss."""

import warnings

import torch
import torch.nn.functional as F
from _task import arguments, progress, series
from torch import nn

warnings.simplefilter("ignore")  # the console was full of them
args = arguments(__doc__, steps=400)


class Forecaster(nn.Module):
    def __init__(self, hidden_dim=32):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.lstm = nn.LSTM(2, hidden_dim, batch_first=True)
        self.hidden2value = nn.Linear(hidden_dim, 1)

    def init_hidden(self, batch):
        return torch.zeros(1, batch, self.hidden_dim), torch.zeros(1, batch, self.hidden_dim)

    def forward(self, window):
        out, _ = self.lstm(window, self.init_hidden(len(window)))
        return self.hidden2value(out[:, -1, :])


recordings, _ = series(3000, length=25)
windows, next_values = recordings[:, :-1], recordings[:, -1, 0]
model = Forecaster()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(args.steps):
    index = torch.randperm(len(windows))[:48]
    target = next_values[index]
    forecast = model(windows[index])
    if args.fixed:
        forecast = forecast.squeeze(-1)
    loss = F.l1_loss(forecast, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
